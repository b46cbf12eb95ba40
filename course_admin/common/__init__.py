"""Functions that several folders use: atomic writing, text for people, tables, cells and their regions."""
