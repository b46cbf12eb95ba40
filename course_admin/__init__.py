"""What instructors and graders run: the `course` command, one module for each of its parts."""
