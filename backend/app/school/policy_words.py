"""How pages name the values of the dated policies, their units and choices, and what a form says beside them."""

from app.core import retention
from app.school.leaving import LEAVE_LABELS
from app.school.refund_rules import REFUND_CHOICES, REFUND_LABELS

_LABELS = {
    "clock_hour_minutes": ("Clock hour", "minutes"),
    "daily_maximum_minutes": ("Maximum time entered for one day", "minutes"),
    "longest_entry_minutes": ("Longest time entry", "minutes"),
    "forgotten_clock_out": ("Forgotten clock-out", ""),
    "rounding": ("Rounding", ""),
    "outside_meetings": ("Clocked outside class meetings", ""),
    "roster_days": ("A roster can be changed for", "days"),
    "absence_report_days": ("An absence can be reported until", "days afterwards"),
    "excused_meetings": ("Excused absences, for the percentage", ""),
    "kiosk_offline_hours": ("A kiosk may keep a punch for", "hours"),
    "late_after_minutes": ("Tardy from", "minutes after the start"),
    "at_risk_consecutive_absences": ("At risk: absences in a row", "scheduled days"),
    "at_risk_attendance_pct": ("At risk: attendance below", "% of scheduled hours"),
    "at_risk_tardies": ("At risk: late arrivals", "times"),
    "at_risk_days": ("Absences and late arrivals are counted over", "days"),
    "pace_days": ("Pace measured over", "days"),
    "full_time_hours_per_week": ("Full time", "hours a week"),
    "completion_threshold_pct": ("Lessons required to complete", "%"),
    "minimum_characters": ("Minimum length", "characters"),
    "maximum_bytes": ("Maximum size", "bytes"),
    "required_of": ("Required of", ""),
    "grace_days": ("Time to set it up", "days"),
    "letters": ("Letters", ""),
    "pass_mark_pct": ("Pass mark", "%"),
    "categories": ("Categories of a new grade book", ""),
    "incomplete_days": ("Time to finish an incomplete", "days"),
    "incomplete_becomes": ("An incomplete then becomes", ""),
    "repeats": ("A course taken again", ""),
    "withdrawn_letter": ("Letter for withdrawn", ""),
    "incomplete_letter": ("Letter for incomplete", ""),
    "transfer_letter": ("Letter for transfer credit", ""),
    "passed_letter": ("Letter for passed without a grade", ""),
    "checkpoints_measured_in": ("Checkpoints are measured in", ""),
    "checkpoints_every_pct": ("A review is due every", "%"),
    "minimum_pace_pct": ("Minimum pace", "%"),
    "maximum_time_frame_pct": ("Maximum time frame", "%"),
    "minimum_gpa_hundredths": ("Minimum GPA", "hundredths"),
    "appeal_days": ("Time to appeal", "days"),
    "location": ("Student’s location when logging hours", ""),
    "link_days": ("A supervisor’s link works for", "days"),
    "school_gigabytes": ("All files of the school", "GB"),
    "package_megabytes": ("One package with the files in it", "MB"),
    "file_megabytes": ("One uploaded file", "MB"),
    "transcript_hold": ("Official transcripts", ""),
    "graduation_balance": ("To graduate, the balance", ""),
    "acknowledge_days": ("A complaint is acknowledged within", "days"),
    "decide_days": ("A complaint is decided within", "days"),
    "decide_appeal_days": ("An appeal of a complaint is decided within", "days"),
    "outside_hosts": ("Servers that lessons may load from", ""),
    "sign_within_days": ("An agreement can be signed for", "days"),
    "disclosures": ("Disclosures", ""),
    "small_balance_dollars": ("A balance holds nothing up until it is above", "dollars"),
    "second_approval_above_dollars": ("Two people approve a refund above", "dollars"),
    "books_and_kits_1098t": ("Books and kits on Form 1098-T", ""),
    "authorization_rate_hundredths": ("Authorization fee", "basis points of the base (100 are 1%)"),
    "authorization_minimum_dollars": ("Authorization fee, at least", "dollars"),
    "authorization_maximum_dollars": ("Authorization fee, at most", "dollars"),
    "trust_fund_rate_hundredths": ("Trust-fund fee", "basis points of the base (100 are 1%)"),
    "trust_fund_minimum_dollars": ("Trust-fund fee, at least", "dollars"),
    "trust_fund": ("Trust-fund fee (first seven years)", ""),
    "waivers": ("Waived tuition and fees", ""),
    "student_date": ("A student’s withdrawal goes by", ""),
    "administrative_date": ("An administrative withdrawal goes by", ""),
    "second_person": ("A withdrawal is processed by", ""),
    "remind_days_before": ("Reminder before the due date", "days"),
    "remind_days_after": ("Reminder after the due date", "days"),
    "late_fee": ("Late fee", ""),
    "late_fee_dollars": ("Amount of the late fee", "dollars"),
    "late_fee_pct": ("Percentage of the late fee", "%"),
    "late_fee_grace_days": ("Grace period", "days"),
    "late_fee_cap_dollars": ("Most for one late installment", "dollars"),
    "late_fee_on": ("What a payer was billed for", ""),
}


def labels() -> dict[str, tuple[str, str]]:
    """How a page names each value, and its unit."""
    return (
        _LABELS
        | LEAVE_LABELS
        | REFUND_LABELS
        | {kind.name: (kind.title, "days") for kind in retention.kinds()}
    )


CHOICES = {
    **REFUND_CHOICES,
    "counts_nothing": "Counts nothing until it is corrected",
    "whole_minutes_down": "Whole minutes, rounded down",
    "counts_in_full": "Counts in full",
    "count_as_scheduled": "Stay in the scheduled hours",
    "not_scheduled": "Are left out of the scheduled hours",
    "only_meetings": "Only time in scheduled meetings counts",
    "nobody": "Nobody: everyone may have one",
    "staff": "Everyone but students",
    "latest": "The latest grade counts",
    "best": "The best grade counts",
    "all": "Every grade counts",
    "attended_hours": "Hours attended",
    "scheduled_hours": "Hours scheduled",
    "weeks": "Weeks since enrollment",
    "not_asked": "Not asked",
    "asked": "Asked; the student may decline",
    "never": "Issued whatever the balance",
    "balance_due": "Held while a balance is due",
    "paid": "Must be paid",
    "not_required": "Need not be paid",
    "not_qualified": "Do not count as qualified expenses",
    "qualified": "Count as qualified expenses",
    "owed": "Owed",
    "no_longer_owed": "No longer owed",
    "stay_in_the_base": "Stay in the base",
    "taken_off": "Are taken off the base",
    "anybody": "Anybody who may process withdrawals",
    "somebody_else": "Somebody else than recorded it",
    "receipt_of_request": "The request or decision",
    "last_attendance": "The last attendance",
    "notice": "The notice to the student",
    "no_fee": "None",
    "fee_amount": "An amount for each late installment",
    "fee_percent": "A percentage of what is unpaid",
    "student_share": "Counts as paid: no late fee on it",
    "whole_share": "Counts as paid as far as the payer has paid it",
}
"""How a page names the values that are chosen from a list."""
HELP = {
    "remind_before_return_days": "0 sends no reminder.",
    "remind_days_before": "0 sends no reminder.",
    "remind_days_after": "0 sends no reminder.",
    "late_fee_grace_days": "Days after the due date that cost nothing.",
    "late_fee_cap_dollars": "0 means no limit. A fee is never above what is unpaid.",
    "minimum_gpa_hundredths": "The GPA times 100: 200 is a GPA of 2.00.",
    "checkpoints_every_pct": "In percent of the program’s length: 25 means reviews at 25%, 50%, 75% and 100%.",
    "letters": "One letter per line, highest first: the letter, its lowest percent and its points, such as "
    "A 90 4.",
    "disclosures": "One disclosure per line: its heading, a colon and the text, such as Placement: The school does not "
    "guarantee employment. To see how they look in the agreement, use Agreements, Wording.",
    "categories": "One category per line: the name, its weight in percent and, if any, how many of the lowest scores "
    "are dropped, such as Quizzes 30 drop 1. The weights add up to 100.",
    "outside_hosts": "One server per line, such as player.vimeo.com. A server that shows something in a lesson learns "
    "which students open it, and when.",
}
"""What a form says beside a field that needs it."""
