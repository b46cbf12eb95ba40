"""Lab text to instructor's notebook to students' release: what an instructor writes, builds and gives out."""
