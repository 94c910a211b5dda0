"""Reading model replies: files and small JSON answers, without loss or not at all."""

from agents.answers.fences import fenced, fenced_files
from agents.answers.gates import gate
from agents.answers.rejection import Reason, Rejected, reask
from agents.answers.reply import LONGEST_REPLY, Answer, read_reply
from agents.answers.saved_tests import saved_tests
from agents.answers.verdict import read_json

__all__ = [
    "LONGEST_REPLY",
    "Answer",
    "Reason",
    "Rejected",
    "fenced",
    "fenced_files",
    "gate",
    "read_json",
    "read_reply",
    "reask",
    "saved_tests",
]
