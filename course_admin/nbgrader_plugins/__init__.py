"""The classes that nbgrader_config.py names, so that stock nbgrader grades as `course grade` does."""
