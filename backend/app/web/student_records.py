"""What of the frame's tables is not in a student's whole file."""

from app.core import student_records as records

records.leave_out(
    "Files of many people that the staff imported; what became of their rows is in the lists themselves.",
    "data_imports",
    "data_import_records",
    "data_import_mappings",
)
