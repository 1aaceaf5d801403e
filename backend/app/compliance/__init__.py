"""What the state asks a school to keep: attendance, transcripts, credentials, externships."""

from app.core.constraints import register_conflict, register_invalid

register_conflict("fk_transcripts_user_id", "This person has a transcript, which is kept permanently.")
register_conflict("fk_transcripts_program_id", "This program has transcripts and cannot be deleted.")
register_conflict("fk_credentials_user_id", "This person has a credential, which is kept permanently.")
register_conflict("fk_credentials_program_id", "This program has credentials and cannot be deleted.")
register_invalid("check_gpa", "A grade point average must be between 0.00 and 4.00.", "gpa")
