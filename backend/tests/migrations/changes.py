"""What migrations do to rows that were there before them: see `tests.migrations.test_each_migration`."""

# Of a set any one.
ADDED_BY_UPGRADE: dict[tuple[str, str], dict[str, object]] = {
    ("0075", "school_policies"): {"kind": "retention"},
    ("0077", "school_policies"): {"kind": "storage"},
    ("0050", "school_policies"): {"kind": "second_factor"},
    ("0100", "school_policies"): {"kind": "grading"},
    ("0101", "school_policies"): {"kind": "academic_progress"},
    ("0170", "school_policies"): {"kind": "externship"},
    ("0210", "school_policies"): {"kind": "billing"},
    ("0280", "school_policies"): {"kind": "lesson_content"},
    ("0260", "school_policies"): {"kind": "agreement"},
    ("0270", "school_policies"): {"kind": "withdrawal"},
    ("0350", "school_policies"): {"kind": "payment_plans"},
    ("0350", "ledger_accounts"): {"code": "4400"},
    ("0290", "school_policies"): {"kind": "complaints"},
    ("0320", "school_policies"): {"kind": "state_fees"},
    ("0370", "school_policies"): {"kind": "leave_of_absence"},
    ("0490", "school_policies"): {"kind": {"refund", "refund_settings"}},
    ("0390", "issued_documents"): {"kind": "receipt"},  # payers': an older schema has them in the stash
    ("0390", "ledger_receipts"): {"document_id": 900},
}

CHANGED_BY_UPGRADE: dict[tuple[str, str], set[str]] = {
    ("0003", "users"): {"email"},  # lower case, as the sign-in compares it
    ("0008", "scorm_data"): {"attempt_no"},
    ("0100", "school"): {"revision"},  # a policy is added, which is counted
    ("0101", "school"): {"revision"},
    ("0170", "school"): {"revision"},
    ("0210", "school"): {"revision"},
    ("0260", "school"): {"revision"},
    ("0270", "school"): {"revision"},
    ("0280", "school"): {"revision"},
    ("0290", "school"): {"revision"},
    ("0320", "school"): {"revision"},
    ("0350", "school"): {"revision"},
    ("0370", "school"): {"revision"},
    ("0490", "school"): {"revision"},
    ("0054", "api_tokens"): {"expires_at"},  # every token ends
    ("0081", "xapi_rollup_state"): {"rolled_to"},  # everything is added up again
    ("0077", "school"): {"revision"},
    ("0075", "school"): {"revision"},  # a policy begins
    ("0020", "xapi_statements"): {"id"},  # the key becomes the moment the statement was stored
}
# Values that a downgrade changes because the older schema cannot hold them; kept in migration_stash.
CHANGED_BY_DOWNGRADE: dict[tuple[str, str], set[str]] = {
    ("0003", "users"): {"role", "hashed_password", "email"},
    ("0081", "xapi_rollup_state"): {"rolled_to"},
    ("0081", "xapi_statements"): {"payload"},  # unpacked
    ("0160", "signing_keys"): {
        "role",
        "retired_at",
    },  # a key of badges stands as a retired one of the registrar
    ("0030", "audit_log"): {"details"},  # what has columns of its own goes back into them
}
# Columns that got another name: (revision, table) -> {old: new}.
RENAMED: dict[tuple[str, str], dict[str, str]] = {
    ("0031", "launches"): {"end_told": "end_recorded"},
    ("0003", "users"): {"password_hash": "hashed_password"},
}
