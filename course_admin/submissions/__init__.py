"""Read the course's input: LMS downloads, class lists, and submitted notebooks, even damaged ones."""
