"""What several folders use and none of them owns: atomic writing, text for people, tables, cells and their regions."""
