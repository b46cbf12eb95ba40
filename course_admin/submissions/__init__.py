"""What comes in: downloads of an LMS, class lists, and notebooks in whatever state they are."""
