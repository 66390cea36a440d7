"""Counts words: tally.py DIRECTORY RESULT. Writes how many words the files of the directory have."""

import pathlib
import sys

words = sum(len(file.read_text().split()) for file in sorted(pathlib.Path(sys.argv[1]).iterdir()))
draft = pathlib.Path(sys.argv[2] + ".new")
draft.write_text(f"{words}\n")
draft.rename(sys.argv[2])
