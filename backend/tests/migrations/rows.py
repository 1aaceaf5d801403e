"""Rows for every table, as they stood at each revision.

A new migration that makes a table adds a row for it here (a test says so), and changes the older rows where it
gives them something that a downgrade has to carry.
"""

ROWS: dict[str, str] = {
    "0001": """
        INSERT INTO users (email, password_hash, full_name, role) VALUES
            ('Maria.Lopez@aada.edu', 'hash-1', 'Maria Lopez', 'student'),
            ('registrar@aada.edu', 'hash-2', 'Ruth Registrar', 'admin'),
            ('newcomer@aada.edu', 'hash-3', 'Nia Newcomer', 'student');
        INSERT INTO programs (name, description, total_credits, duration_weeks, tuition_amount_cents) VALUES
            ('Dental Assistant Professional', 'Chairside', 60.00, 52, 1200000), ('Radiography', NULL, NULL, NULL, NULL);
        INSERT INTO modules (program_id, name, order_num) VALUES (1, 'Infection control', 1), (1, 'Anatomy', 2);
        INSERT INTO lessons (module_id, title, content_type, content_url, order_num) VALUES
            (1, 'Hand hygiene', 'scorm', NULL, 1), (1, 'A film', 'video', 'https://example.org/film', 2),
            (2, 'Teeth', 'h5p', NULL, 1), (2, 'Chart', 'document', 'https://example.org/chart', 2);
        INSERT INTO enrollments (user_id, program_id, status, enrolled_at, completed_at, progress_pct) VALUES
            (1, 1, 'active', '2026-01-05', NULL, 25), (3, 1, 'withdrawn', '2025-09-01', NULL, NULL),
            (3, 2, 'completed', '2025-01-06', '2025-12-19', 100);
    """,
    "0002": """
        INSERT INTO attendance (user_id, enrollment_id, clock_in, clock_out, notes) VALUES
            (1, 1, '2026-03-08 06:30+00', '2026-03-08 07:45:30+00', 'over the change of clocks'),
            (1, 1, '2026-03-09 13:00+00', NULL, NULL), (3, 2, '2025-09-02 13:00+00', '2025-09-02 13:00+00', NULL);
        INSERT INTO transcripts (user_id, program_id, gpa, total_credits, generated_at, pdf_url)
            VALUES (3, 2, 3.75, 12.50, '2025-12-20 15:00+00', '/transcripts/1.pdf');
        INSERT INTO credentials (user_id, program_id, credential_type, cert_serial, issued_at)
            VALUES (3, 2, 'Radiography Certification', 'RAD-2025-001', '2025-12-20');
        INSERT INTO externships (user_id, site_name, supervisor_name, total_hours, verified, verified_at)
            VALUES (1, 'Peachtree Dental', 'Dr. Ada Reyes', 40, false, NULL),
                   (3, 'Midtown Smiles', NULL, NULL, true, '2025-11-01 12:00+00');
    """,
    "0003": """
        INSERT INTO users (email, hashed_password, full_name, role, deleted_at) VALUES
            ('teacher@aada.edu', 'hash-4', 'Tess Teacher', 'instructor', NULL),
            ('gone@aada.edu', 'hash-5', 'Gwen Gone', 'instructor', '2026-02-01 12:00+00'),
            ('left@aada.edu', 'hash-6', 'Lena Left', 'student', '2026-02-02 12:00+00');
    """,
    "0004": """
        INSERT INTO withdrawals (user_id, enrollment_id, requested_at, progress_pct_at_withdrawal, reason,
                                 admin_processed_at) VALUES
            (3, 2, '2025-10-01 14:00+00', 10, 'moving away', '2025-10-02 14:00+00'),
            (1, 1, '2026-03-01 14:00+00', NULL, NULL, NULL);
        INSERT INTO refunds (withdrawal_id, amount_cents, policy_basis, approved_at, approved_by, remitted_at)
            VALUES (1, 900000, '10 percent completed', '2025-10-03 14:00+00', 2, NULL);
    """,
    "0005": """
        INSERT INTO scorm_data (user_id, lesson_id, cmi_core_lesson_status, cmi_core_score_raw, cmi_core_score_max,
                                cmi_suspend_data) VALUES
            (1, 1, 'incomplete', NULL, NULL, 'page=3'), (1, 1, 'completed', 80, 100, NULL),
            (3, 1, NULL, NULL, NULL, '');
        INSERT INTO xapi_statements (user_id, verb, object_id, result, context, timestamp) VALUES
            (1, 'http://adlnet.gov/expapi/verbs/completed', 'https://example.org/a', '{"score": {"raw": 80}}', NULL,
             '2026-02-01 12:00+00'),
            (NULL, 'http://adlnet.gov/expapi/verbs/attempted', 'https://example.org/b', NULL, '{}',
             '2026-02-02 12:00+00');
    """,
    "0006": """
        UPDATE programs SET clock_hours = 900 WHERE id = 1;
        UPDATE lessons SET estimated_minutes = 20, passing_score_pct = 80 WHERE id = 1;
        INSERT INTO lesson_completions (enrollment_id, lesson_id, completed_at, source, score_pct)
            VALUES (1, 1, '2026-02-01 12:00+00', 'content', 80.00), (3, 2, '2025-12-01 12:00+00', 'student', NULL);
    """,
    "0007": """
        UPDATE users SET last_sign_in_at = '2026-03-01 12:00+00' WHERE id = 1;
        INSERT INTO user_sessions (user_id, token_hash, expires_at, revoked_at, ip, user_agent)
            VALUES (1, repeat('a', 64), '2026-04-01', NULL, '192.0.2.1', 'A browser'),
                   (2, repeat('b', 64), '2026-04-01', '2026-03-02', '2001:db8::1', NULL);
        INSERT INTO account_links (user_id, purpose, token_hash, created_by, expires_at)
            VALUES (3, 'invite', repeat('c', 64), 2, '2026-04-01'), (1, 'reset', repeat('d', 64), NULL, '2026-04-01');
        INSERT INTO sign_in_attempts (email_key, ip, succeeded) VALUES (repeat('e', 64), '192.0.2.1', false);
        INSERT INTO api_tokens (user_id, name, token_hash, hint) VALUES (2, 'reports', repeat('f', 64), 'aada_12ab');
    """,
    "0008": """
        INSERT INTO content_packages (lesson_id, version, standard, title, file_name, sha256, size_bytes, manifest,
                                      uploaded_by, replaced_at)
            VALUES (1, 1, 'scorm12', 'Hand hygiene', 'hands.zip', repeat('1', 64), 1000, '{}', 2, '2026-01-02'),
                   (1, 2, 'scorm12', 'Hand hygiene', 'hands2.zip', repeat('2', 64), 1001, '{"scos": []}', NULL, NULL);
        INSERT INTO content_files (package_id, path, sha256, size_bytes, media_type)
            VALUES (1, 'index.html', repeat('3', 64), 10, 'text/html'),
                   (2, 'index.html', repeat('4', 64), 11, 'text/html');
        INSERT INTO launches (id, user_id, enrollment_id, lesson_id, package_id, sco_id, preview, token_hash,
                              expires_at)
            VALUES ('7d444840-9dc0-11d1-b245-5ffdce74fad2', 1, 1, 1, 2, 'item-1', false, repeat('5', 64), '2026-04-01'),
                   ('7d444840-9dc0-11d1-b245-5ffdce74fad3', 2, NULL, 1, 2, 'item-1', true, repeat('6', 64),
                    '2026-04-01');
        INSERT INTO scorm_data (user_id, lesson_id, enrollment_id, package_id, sco_id, attempt_no, score_min, score_pct,
                                location, exit, total_seconds, cmi, finished_at)
            VALUES (1, 1, 1, 2, 'item-1', 1, 0, 80.00, 'page-2', 'suspend', 300, '{"core": {}}', NULL);
        INSERT INTO scorm_commits (launch_id, scorm_data_id, seq, payload)
            VALUES ('7d444840-9dc0-11d1-b245-5ffdce74fad2', 4, 1, '{"core": {}}');
    """,
    "0009": """
        INSERT INTO audit_log (actor_id, actor_name, action, target, target_id, details)
            VALUES (2, 'Ruth Registrar', 'enrollment.created', 'enrollments', '1', '{"program_id": 1}'),
                   (999, 'Someone long gone', 'user.deleted', 'users', '999', '{}');
        INSERT INTO outbox_messages (to_address, subject, body_text, sent_at, attempts, last_error)
            VALUES ('newcomer@aada.edu', 'Welcome', 'Hello', NULL, 2, 'refused');
    """,
    "0010": """
        INSERT INTO procrastinate_workers (last_heartbeat) VALUES ('2026-03-01 12:00+00');
        INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('mail', 'mail.send', '{"message": 1}');
        INSERT INTO procrastinate_periodic_defers (task_name, defer_timestamp, job_id, periodic_id)
            VALUES ('nightly', 1772366400, 1, '');
    """,
    "0020": """
        INSERT INTO xapi_credentials (key, secret_hash, kind, label, scopes, authority, user_id, created_by)
            VALUES ('key-1', repeat('7', 64), 'client', 'Simulator', '{statements/write}', '{"name": "Simulator"}',
                    1, 2);
        INSERT INTO xapi_statements (user_id, verb, object_id, timestamp, payload, version, registration, credential_id)
            VALUES (1, 'http://adlnet.gov/expapi/verbs/passed', 'https://example.org/a', '2026-03-02 12:00+00',
                    '{"verb": {"id": "http://adlnet.gov/expapi/verbs/passed"}}', '2.0.0',
                    '7d444840-9dc0-11d1-b245-5ffdce74fad4', 1);
        INSERT INTO xapi_actors (identity, agent, user_id)
            VALUES ('mbox::mailto:m@aada.edu', '{"mbox": "mailto:m@aada.edu"}', 1);
        INSERT INTO xapi_activities (iri, definition) VALUES ('https://example.org/a', '{"name": {"en": "A"}}');
        INSERT INTO xapi_statement_actors VALUES (1, true, 1, 1, 1);
        INSERT INTO xapi_statement_activities VALUES (1, true, 1, 1, 1);
        INSERT INTO xapi_statement_refs (statement_id, target, direct, voids)
            VALUES (1, '7d444840-9dc0-11d1-b245-5ffdce74fad5', true, false);
        INSERT INTO xapi_documents (kind, actor_id, activity_id, document_id, content, content_type, etag)
            VALUES ('state', 1, 1, 'bookmark', 'page 3', 'text/plain', 'etag');
        INSERT INTO xapi_attachments (sha2, sha256, size_bytes, content_type)
            VALUES (repeat('8', 64), repeat('8', 64), 3, 'text/plain');
        INSERT INTO xapi_forwarders (label, endpoint, username, password_sealed)
            VALUES ('Archive', 'https://lrs.example.org', 'aada', 'sealed');
        INSERT INTO xapi_dead_letters (forwarder_id, statement_id, error) VALUES (1, 1, 'refused');
    """,
    "0021": """
        INSERT INTO attendance (user_id, enrollment_id, clock_in, clock_out, missing_clock_out)
            VALUES (1, 1, '2026-02-10 13:00+00', '2026-02-10 13:00+00', true);
    """,
    "0022": """
        INSERT INTO xapi_forwarders (label, endpoint, username, password_sealed, version, verb)
            VALUES ('Archive 2', 'https://lrs.example.org', 'aada', 'sealed', '2.0.0', 'https://example.org/v');
        INSERT INTO xapi_imports (file_name, sha256, size_bytes, status, created_by)
            VALUES ('old.ndjson', repeat('9', 64), 12, 'done', 2);
    """,
    "0033": """
        INSERT INTO user_duties (user_id, duty, starts_on, ends_on, reason, given_by)
            VALUES (2, 'auditor', '2026-03-01', NULL, 'State visit', 2);
        INSERT INTO user_duties (user_id, duty, starts_on, ends_on, reason, ended_at, ended_by, end_reason)
            VALUES (2, 'auditor', '2026-03-01', '2026-03-31', 'State visit', '2026-03-02 12:00+00', 2, 'Too short');
    """,
    "0036": """
        INSERT INTO stored_files (sha256, size_bytes, media_type) VALUES (repeat('e0', 32), 9, 'application/pdf');
        INSERT INTO file_claims (sha256, owner_room, owner_row, retention, released_at)
            VALUES (repeat('e0', 32), 'documents', '1', 'permanent', NULL),
                   (repeat('e0', 32), 'reports', '2', 'temporary', '2026-03-01 12:00+00');
    """,
    "0025": """
        INSERT INTO xapi_statement_refs (statement_id, target, direct, voids, steps)
            VALUES (1, '7d444840-9dc0-11d1-b245-5ffdce74fad7', false, false, 3);
    """,
    "0024": """
        INSERT INTO launches (id, user_id, enrollment_id, lesson_id, package_id, token_hash, expires_at,
                              session_seconds)
            VALUES ('0024', 1, 1, 1, 2, repeat('26', 32), '2026-02-11 14:00+00', 60);
    """,
    "0023": """
        INSERT INTO attendance (user_id, enrollment_id, clock_in, clock_out, statement_id)
            VALUES (1, 1, '2026-02-11 13:00+00', '2026-02-11 14:00+00', '7d444840-9dc0-11d1-b245-5ffdce74fad6');
    """,
    "0040": """
        INSERT INTO signing_keys (role, issuer_id, subject, fingerprint, certificate_pem, key_sealed, not_before,
                                  not_after, retired_at)
            VALUES ('root', NULL, 'The school', repeat('a0', 32), 'PEM', 'sealed', '2026-01-01', '2046-01-01', NULL),
                   ('registrar', 1, 'Registrar', repeat('a1', 32), 'PEM', NULL, '2026-01-01', '2029-01-01',
                    '2026-02-01'),
                   ('registrar', 1, 'Registrar', repeat('a2', 32), 'PEM', 'sealed', '2026-02-01', '2029-02-01', NULL);
        INSERT INTO signing_crls (issuer_id, number, crl_pem, this_update, next_update)
            VALUES (1, 1, 'PEM', '2026-01-01', '2027-01-01');
    """,
    "0041": """
        INSERT INTO document_counters (kind, year, last) VALUES ('enrollment_letter', 2026, 3);
        INSERT INTO issued_documents (kind, year, serial, number, status, student_id, enrollment_id, issued_by, request,
                                      issued_at, sha256, size_bytes, facts_sha256, signing_key_id, void_reason)
            VALUES ('enrollment_letter', 2026, 1, 'EV-2026-000001', 'issued', 1, 1, 2,
                    '7d444840-9dc0-11d1-b245-5ffdce74fae1', '2026-03-01', repeat('b0', 32), 30000, repeat('b1', 32), 2,
                    NULL),
                   ('enrollment_letter', 2026, 2, 'EV-2026-000002', 'void', 1, NULL, NULL,
                    '7d444840-9dc0-11d1-b245-5ffdce74fae2', NULL, NULL, NULL, NULL, NULL, 'not finished'),
                   ('enrollment_letter', 2026, 3, 'EV-2026-000003', 'reserved', 1, 1, 2,
                    '7d444840-9dc0-11d1-b245-5ffdce74fae3', NULL, NULL, NULL, NULL, NULL, NULL);
    """,
    "0038": """
        INSERT INTO school (legal_name, short_name, address_lines, city, state, zip_code, time_zone)
            VALUES ('Atlanta Academy of Dental Assisting', 'AADA', '{"100 Peachtree St"}', 'Atlanta', 'GA', '30303',
                    'America/New_York');
        INSERT INTO school_signatories (name, title, first_day) VALUES ('Denise Walker', 'Director', '2024-01-01');
        INSERT INTO school_terms (name, first_day, last_day) VALUES ('Spring 2026', '2026-01-05', '2026-05-15');
        INSERT INTO school_holidays (name, first_day, last_day) VALUES ('Labor Day', '2026-09-07', '2026-09-07');
        INSERT INTO school_policies (kind, version, effective_from, "values", approved_by, used_at)
            VALUES ('password', 2, '2026-01-01', '{"minimum_characters": 16, "maximum_bytes": 72}', 'D. Walker',
                    '2026-01-02 12:00+00');
    """,
    "0039": """
        INSERT INTO outbox_messages (to_address, subject, body_text, sealed_link, link_expires_at, requested_by)
            VALUES ('newcomer@aada.edu', 'Welcome', '[one-time link]', 'sealed', '2026-03-08', 2);
    """,
    "0034": """
        INSERT INTO classes (code, name, program_id, module_id, starts_on, ends_on, room, capacity)
            VALUES ('DA-M', 'Mornings', 1, NULL, '2026-01-05', '2026-12-18', 'Room 2', 24),
                   ('DA-IC', 'Infection control', 1, 1, '2026-01-05', '2026-03-27', NULL, NULL);
        INSERT INTO class_meetings (class_id, weekday, starts_at, ends_at) VALUES (1, 0, '08:30', '13:30');
        INSERT INTO class_changes (class_id, kind, day, new_day, starts_at, ends_at, room, reason)
            VALUES (1, 'cancelled', '2026-02-02', NULL, NULL, NULL, NULL, 'Snow'),
                   (1, 'moved', '2026-02-09', '2026-02-10', '09:00', '14:00', 'Lab', NULL);
        INSERT INTO class_instructors (class_id, user_id, starts_on, ends_on) VALUES (1, 4, '2026-01-05', NULL);
        INSERT INTO class_seats (class_id, enrollment_id, starts_on, ends_on)
            VALUES (1, 1, '2026-01-05', NULL), (2, 1, '2026-01-05', '2026-03-27');
    """,
    "0043": """
        INSERT INTO data_imports (kind, file_name, sha256, size_bytes, status, headers, mapping, rows_total, rows_bad,
                                  faults, rows_done, created_by, imported_at)
            VALUES ('people', 'fall.csv', repeat('a', 64), 120, 'imported', '["Name", "Email"]',
                    '{"full_name": 0, "email": 1}', 2, 1,
                    '[{"row": 3, "field": "Email", "value": "x", "message": "Correct it."}]', 1, 2,
                    '2026-11-02 12:00+00');
        INSERT INTO data_import_records (import_id, record_id, mark) VALUES (1, 3, md5('x'));
        INSERT INTO data_import_mappings (user_id, kind, headings) VALUES (2, 'people', '{"email": "Email"}');
    """,
    "0110": r"""
        INSERT INTO history_seals (number, generation, first_xid, end_xid, entries, last_entry_id, root, leaves,
                                   previous, hash)
            VALUES (1, 1, '0', '900', 1, 1, '\x01', '\x02', '\x', '\x03');
    """,
}

ROWS["0030"] = """
    INSERT INTO audit_log (actor_id, actor_name, action, target, target_id, student_id, enrollment_id, reason,
                           occurred_at, details)
        VALUES (2, 'Ruth Registrar', 'attendance.corrected', 'attendance', '1', 1, 1, 'the tablet was flat',
                '2026-03-08 07:45:30+00', '{}'),
               (2, 'Ruth Registrar', 'program.created', 'programs', '1', NULL, NULL, NULL, now(), '{}');
"""

ROWS["0031"] = """
    INSERT INTO installation (home_page) VALUES ('http://localhost:8000') ON CONFLICT DO NOTHING;
    INSERT INTO history_cursors (name, entry_id, failures, last_error) VALUES ('another', 2, 1, 'refused');
"""

ROWS["0050"] = """
    INSERT INTO passkeys (user_id, name, credential_id, public_key, sign_count, transports, copied_at)
        VALUES (1, 'My phone', '\\x01', '\\xa5', 3, '{internal,hybrid}', NULL),
               (4, 'Blue key', '\\x02', '\\xa6', 0, '{}', '2026-11-02 12:00+00');
    INSERT INTO authenticators (user_id, name, sealed_key, last_step) VALUES (2, 'My phone', 'sealed', 59000000);
    INSERT INTO recovery_codes (user_id, code_hash, used_at)
        VALUES (2, repeat('a', 64), NULL), (2, repeat('b', 64), '2026-11-02 12:00+00');
    INSERT INTO factor_challenges (purpose, user_id, secret_hash, expires_at)
        VALUES ('sign_in', NULL, repeat('c', 64), '2026-11-02 12:05+00'),
               ('second_step', 2, repeat('d', 64), '2026-11-02 12:05+00');
    INSERT INTO factor_resets (user_id, reason, asked_by, expires_at, closed_by, closed_at, outcome)
        VALUES (4, 'Lost phone', 2, '2026-11-09 12:00+00', 5, '2026-11-03 12:00+00', 'approved'),
               (4, 'Lost it again', 2, '2026-11-16 12:00+00', NULL, NULL, NULL);
    UPDATE user_sessions SET factor_due_on = '2026-12-01';
"""

# Rows that an upgrade adds to a table that was there: (revision, table) -> what they hold.
ADDED_BY_UPGRADE: dict[tuple[str, str], dict[str, object]] = {
    ("0075", "school_policies"): {"kind": "retention"},
    ("0077", "school_policies"): {"kind": "storage"},
    ("0050", "school_policies"): {"kind": "second_factor"},
    ("0100", "school_policies"): {"kind": "grading"},
    ("0101", "school_policies"): {"kind": "academic_progress"},
    ("0170", "school_policies"): {"kind": "externship"},
}

ROWS["0056"] = """
    INSERT INTO audit_log (actor_id, actor_name, action, target, target_id, student_id, purpose, actor_duty, details)
        VALUES (2, 'Ruth Registrar', 'record.viewed', 'users', '1', 1, 'registration', 'registrar', '{"part": "file"}');
    INSERT INTO history_folds (key, written_at) VALUES ('view 2 session 1 registration 1 file', '2026-03-09 12:00+00');
"""

ROWS["0053"] = """
    INSERT INTO limit_counters (key, full_at) VALUES ('searches:' || repeat('a', 32), '2026-03-09 12:00+00');
"""

ROWS["0054"] = """
    UPDATE api_tokens SET scopes = ARRAY['students.read_all'], read_only = true;
"""

ROWS["0100"] = """
    INSERT INTO grade_books (class_id, gpa_weight) VALUES (1, 160);
    INSERT INTO grade_categories (book_id, name, weight_pct, drop_lowest, order_num)
        VALUES (1, 'Quizzes', 40, 1, 1), (1, 'Final', 60, 0, 2);
    INSERT INTO grade_items (book_id, category_id, name, points_possible, due_on, published, lesson_id, order_num)
        VALUES (1, 1, 'Quiz 1', 20, '2026-02-02', true, 1, 1), (1, 2, 'Final', 100, NULL, false, NULL, 2);
    INSERT INTO grade_scores (item_id, enrollment_id, points, state, complete_by, source, revision, changed_by)
        VALUES (1, 1, 17.5, 'late', NULL, 'hand', 3, 4), (2, 1, NULL, 'incomplete', '2026-04-01', 'file', 1, 4);
    INSERT INTO final_grades (class_id, enrollment_id, letter, percent, gpa_weight, policy_id, graded_on, explanation,
                              status, submitted_by, decided_by, decided_at)
        SELECT 1, 1, 'B', 87.5, 160, id, '2026-03-27', 'All of it.', 'approved', 4, 2, '2026-03-28 12:00+00'
        FROM school_policies WHERE kind = 'grading' LIMIT 1;
    INSERT INTO grade_changes (final_grade_id, old_letter, letter, percent, policy_id, reason, asked_by, decided_by,
                               decided_at, outcome)
        SELECT 1, 'B', 'A', 91, id, 'Added up wrongly', 4, 2, '2026-04-02 12:00+00', 'approved'
        FROM school_policies WHERE kind = 'grading' LIMIT 1;
"""

ROWS["0101"] = """
    INSERT INTO progress_reviews (enrollment_id, checkpoint_pct, reviewed_on, policy_id, state, attended_minutes,
                                  scheduled_minutes, elapsed_days, pace_pct, gpa, explanation, reviewed_by)
        SELECT 1, 25, '2026-03-02', id, 'not_met', 6000, 12000, 60, 50, 1.5, 'Pace: 50%.', 2
        FROM school_policies WHERE kind = 'academic_progress' LIMIT 1;
    INSERT INTO progress_appeals (review_id, reason, asked_by, decided_by, decided_at, outcome)
        VALUES (1, 'I was ill', 1, 2, '2026-03-09 12:00+00', 'granted');
"""

ROWS["0130"] = """
    INSERT INTO class_attendance (class_id, enrollment_id, starts_at, ends_at, mark, arrived_at, left_at, attendance_id,
                                  note, marked_by, settled_at) VALUES
        (1, 1, '2026-03-09 13:00+00', '2026-03-09 16:00+00', 'late', '2026-03-09 13:20+00', NULL, 1, 'The bus', 4,
         '2026-03-09 16:00+00'),
        (1, 1, '2026-03-10 13:00+00', '2026-03-10 16:00+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
"""

ROWS["0140"] = """
    INSERT INTO attendance_corrections (user_id, enrollment_id, attendance_id, kind, old_clock_in, old_clock_out,
                                        clock_in, clock_out, minutes, origin, reason, evidence_sha256, evidence_type,
                                        evidence_bytes, asked_by, endorsed_by, endorsed_at, decided_by, decided_at,
                                        outcome, note) VALUES
        (1, 1, 1, 'change', '2026-03-08 06:30+00', '2026-03-08 07:40+00', '2026-03-08 06:30+00',
         '2026-03-08 07:45:30+00', NULL, NULL, 'The clock was wrong', NULL, NULL, NULL, 1, NULL, NULL, 2,
         '2026-03-09 12:00+00', 'approved', NULL),
        (1, 1, NULL, 'transfer', NULL, NULL, NULL, NULL, 600, 'Atlanta Tech', 'First term', repeat('a', 64),
         'application/pdf', 12, 4, NULL, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO attendance_closings (through, ends_at, note, closed_by)
        VALUES ('2025-12-31', '2026-01-01 05:00+00', '2025', 2);
"""

ROWS["0150"] = """
    INSERT INTO attendance_standings (enrollment_id, last_attended_on, attended_minutes, scheduled_minutes,
                                      attendance_pct, absences, consecutive_absences, excused, tardies, reasons,
                                      policy_id, computed_at)
        SELECT 1, '2026-03-08', 75, 600, 12.5, 3, 3, 1, 2, '{"3 scheduled days in a row without attendance"}', id,
               '2026-03-10 12:12+00'
        FROM school_policies WHERE kind = 'attendance' LIMIT 1;
"""

ROWS["0075"] = """
    INSERT INTO purge_runs (id, started_at, policy_version, days, removed, finished_at) VALUES
        (1, '2026-03-09 07:17+00', 1, '{"email": 180}', '{"email": 12}', '2026-03-09 07:17:02+00');
    SELECT setval('purge_runs_id_seq', 1);
"""

ROWS["0080"] = """
    INSERT INTO xapi_rollup_state (rolled_to) VALUES (1);
    INSERT INTO xapi_rollup_changes (statement_id, sign) VALUES (1, -1);
    INSERT INTO xapi_rollup_verbs (iri) VALUES ('http://adlnet.gov/expapi/verbs/completed');
    INSERT INTO xapi_rollup_places (activities) VALUES ('{1,2}');
    INSERT INTO xapi_rollup_attempts (key, user_id, first_quarter, last_quarter, is_contested)
        VALUES ('7d444840-9dc0-11d1-b245-5ffdce74fad2', 1, 1970000, 1970004, true);
    INSERT INTO xapi_rollup_parts VALUES (1, 1970000, 1, 1, 2, 9, 750.5, 750.5);
    INSERT INTO xapi_rollup_quarters VALUES (1970000, 1, 2, 9, 750.5, 750.5);
"""

# `{"id":"1"}` as `app.lrs.engine.statements.packing` packs it.
ROWS["0081"] = """
    INSERT INTO xapi_statements (verb, object_id, timestamp, packed, octets, actor_id, version)
        VALUES ('http://adlnet.gov/expapi/verbs/passed', 'urn:example:a', now(),
                '\\x0183e63d60760400', 10, 1, '2.0.0');
"""

ROWS["0090"] = """
    INSERT INTO student_profiles (user_id, first_name, last_name, preferred_name, birth_date)
        VALUES (1, 'Maria', 'Lopez', 'Mari', '2001-02-03');
    INSERT INTO former_names (user_id, full_name, used_until, reason, document_sha256, document_type, changed_by)
        VALUES (1, 'Maria Reyes', '2026-02-01', 'Marriage', repeat('a', 64), 'application/pdf', 2);
    INSERT INTO name_requests (user_id, last_name, counts_from, reason, document_sha256, document_type)
        VALUES (1, 'Lopez', '2026-03-01', 'Divorce', repeat('b', 64), 'image/jpeg');
    INSERT INTO student_addresses (user_id, kind, line1, city, state, postal_code, is_primary, starts_on)
        VALUES (1, 'home', '1 Peachtree Street', 'Atlanta', 'GA', '30303', true, '2026-01-05');
    INSERT INTO student_phones (user_id, kind, number, digits, is_primary, starts_on)
        VALUES (1, 'mobile', '(404) 555-0134', '14045550134', true, '2026-01-05');
    INSERT INTO emergency_contacts (user_id, name, relationship, phone, starts_on)
        VALUES (1, 'Rosa Lopez', 'Mother', '(404) 555-0135', '2026-01-05');
    INSERT INTO student_identifiers (user_id, kind, sealed_value, last_four, blind_index, entered_by)
        VALUES (1, 'ssn', 'sealed', '6789', repeat('c', 64), 2);
    INSERT INTO student_fields (name, type, choices) VALUES ('Shirt size', 'choice', '{S,M,L}');
    INSERT INTO student_field_values (user_id, field_id, value) VALUES (1, 1, 'M');
"""

ROWS["0091"] = """
    INSERT INTO admission_requirements (kind_id, program_id) VALUES (1, NULL), (4, 1);
    INSERT INTO admission_documents (user_id, kind_id, sha256, media_type, size_bytes, state, checked_by, checked_at,
                                     expires_on)
        VALUES (1, 4, repeat('d', 64), 'image/jpeg', 1000, 'accepted', 2, '2026-03-01 12:00+00', '2027-03-01');
    INSERT INTO applications (user_id, program_id, wanted_start, state, decided_at, decided_by, reason, enrollment_id)
        VALUES (1, 1, '2026-01-05', 'accepted', '2025-12-20 12:00+00', 2, 'All documents are here', 1);
"""

ROWS["0092"] = """
    INSERT INTO student_notes (user_id, author_id, author_name, audience, body)
        VALUES (1, 2, 'Ruth Registrar', '{registrar}', 'Wants to talk about a payment plan.');
"""

ROWS["0170"] = """
    INSERT INTO externship_sites (name, address, capacity) VALUES ('Peachtree Dental', '1 Peachtree, Atlanta', 2);
    INSERT INTO externship_agreements (site_id, signed_on, expires_on, sha256, media_type, size_bytes, uploaded_by)
        VALUES (1, '2026-01-05', '2027-01-04', repeat('e', 64), 'application/pdf', 1000, 2);
    INSERT INTO externship_supervisors (site_id, name, title, email)
        VALUES (1, 'Dr. Ada Reyes', 'DDS', 'ada@peachtree.example');
    INSERT INTO externship_rubrics (program_id, effective_from, skills) VALUES (1, '2026-01-05', '["Charting"]');
    INSERT INTO externships (user_id, site_name, supervisor_name) VALUES (1, 'Peachtree Dental', 'Dr. Ada Reyes');
    INSERT INTO externship_placements (externship_id, enrollment_id, site_id, supervisor_id, starts_on, ends_on,
                                       hours_required, placed_by)
        SELECT max(id), 1, 1, 1, '2026-03-02', '2026-05-29', 80, 2 FROM externships;
    INSERT INTO externship_links (externship_id, week, supervisor_id, email, token_hash, created_at, expires_at,
                                  used_at, used_ip, outcome)
        SELECT max(id), '2026-03-01', 1, 'ada@peachtree.example', repeat('1', 64), '2026-03-09', '2026-03-23',
               '2026-03-10', '192.0.2.1', '[]' FROM externships;
    INSERT INTO externship_hours (externship_id, user_id, day, starts_at, ends_at, break_minutes, did, state, link_id,
                                  request)
        SELECT max(id), 1, '2026-03-02', '2026-03-02 13:00+00', '2026-03-02 18:30+00', 30, 'Charting', 'confirmed', 1,
               '7d444840-9dc0-11d1-b245-5ffdce74fad2' FROM externships;
    INSERT INTO externship_evaluations (externship_id, rubric_id, link_id, evaluated_on, ratings, supervisor_name)
        SELECT max(id), 1, 1, '2026-03-10', '[3]', 'Dr. Ada Reyes' FROM externships;
"""

ROWS["0120"] = """
    INSERT INTO skills (program_id, section, name, version, order_num)
        VALUES (1, 'Radiography', 'Exposes a bitewing', 2, 1);
    INSERT INTO skill_versions (skill_id, version, name, criteria, pass_pct, required_passes, created_by)
        SELECT 1, number, 'Exposes a bitewing', '[{"text": "Wears gloves", "critical": true, "levels": [
            {"label": "Not done", "points": 0}, {"label": "Done", "points": 1}]}]', 80, number, 2
        FROM generate_series(1, 2) AS number;
    INSERT INTO skill_attempts (enrollment_id, skill_id, version_id, class_id, performed_on, marks, points,
                                points_possible, passed, note, photo_sha256, photo_type, evaluator_id, evaluator_name,
                                request)
        VALUES (1, 1, 1, 1, '2026-02-02', '[1]', 1, 1, true, 'Steady hand', repeat('a', 64), 'image/jpeg', 4, 'Ines',
                '7d444840-9dc0-11d1-b245-5ffdce74fad2');
    INSERT INTO skill_voids (attempt_id, reason, voided_by) VALUES (1, 'Wrong student', 2);
"""

ROWS["0160"] = """
    INSERT INTO signing_keys (role, issuer_id, subject, fingerprint, certificate_pem, key_sealed, not_before, not_after)
        VALUES ('badges', 1, 'Badges', repeat('a3', 32), 'PEM', 'sealed', '2026-02-01', '2029-02-01');
    INSERT INTO credential_types (name, prefix, level, program_id, description, criteria, validity_months)
        VALUES ('Dental Assistant Certification', 'DAC', 'Diploma', 1, 'Assists.', 'Completes it.', NULL),
               ('CPR', 'CPR', 'Certificate', NULL, 'Can help.', 'Passes.', 24);
    INSERT INTO credential_issues (credential_id, type_id, enrollment_id, document_id, full_name, expires_on, code_hash,
                                   badge, status_list, status_index)
        VALUES (1, 1, 3, 1, 'Nia Newcomer', '2028-01-01', repeat('e', 64), '{}', 1, 99);
    INSERT INTO credential_endings (credential_id, kind, reason, ended_by) VALUES (1, 'revoked', 'A mistake', 2);
    INSERT INTO credential_shares (credential_id, slug) VALUES (1, '7K3MWQ2PZ8RA4TNC');
    INSERT INTO credential_reminders (credential_id, days) VALUES (1, 60);
    INSERT INTO credential_orders (batch, type_id, enrollment_id, asked_by)
        VALUES ('7d444840-9dc0-11d1-b245-5ffdce74fae9', 1, 3, 2);
"""

ROWS["0180"] = """
    INSERT INTO transcript_contents (transcript_id, document_id, enrollment_id, student_name, content, code_hash)
        VALUES (1, 1, 1, 'Maria Lopez', '{}', repeat('e', 64));
    INSERT INTO transcript_holds (user_id, reason, set_by) VALUES (1, 'The balance is due.', 2);
    INSERT INTO transcript_requests (user_id, enrollment_id, delivery, recipient, recipient_email, purpose, consent,
                                     consented_at)
        VALUES (1, 1, 'mail', 'A college', 'records@college.example', 'Transfer', 'I agree.', '2026-03-01 12:00+00');
    INSERT INTO transcript_deliveries (document_id, request_id, method, recipient, token_hash, expires_at, sent_by)
        VALUES (1, 1, 'link', 'A college', repeat('f', 64), '2026-04-01 12:00+00', 2);
    INSERT INTO transcript_batches (program_id, title, asked_by) VALUES (1, 'Dental Assistant Professional', 2);
    INSERT INTO transcript_batch_items (batch_id, enrollment_id, problem) VALUES (1, 1, 'On hold.');
"""

ROWS["0190"] = """
    INSERT INTO graduation_decisions (enrollment_id, checklist, exception, decided_by)
        VALUES (3, '[{"name": "hours", "title": "Hours", "state": "missing", "sentence": "2 h to go.", "number": ""}]',
                'Made up at another campus', 2);
"""

ROWS["0191"] = """
    INSERT INTO consents (student_id, records, purpose, recipient, method, signed_name, signed_on, entered_by)
        VALUES (1, 'Transcript', 'A job', 'Peachtree Dental', 'electronic', 'Maria Lopez', '2026-03-01', 1);
    INSERT INTO disclosures (made_on, recipient, interest, records, basis, consent_id, recorded_by)
        VALUES ('2026-03-02', 'Peachtree Dental', 'Hiring', 'Transcript', 'consent', 1, 2),
               ('2026-03-03', 'GNPEC', 'Yearly audit', 'Attendance', 'authorities', NULL, 2);
    INSERT INTO disclosed_students (disclosure_id, student_id) VALUES (1, 1), (2, 1), (2, 3);
    INSERT INTO directory_opt_outs (student_id, started_by, ended_at, ended_by)
        VALUES (1, 1, now() + interval '1 day', 2), (3, 2, NULL, NULL);
    INSERT INTO access_requests (student_id, records, received_on, due_on, entered_by)
        VALUES (1, 'Everything', '2026-03-01', '2026-04-15', 1);
    INSERT INTO amendment_requests (student_id, record, wanted, asked_by, outcome, decision, decided_by, decided_at,
                                    hearing_asked_at)
        VALUES (1, 'Attendance of March 3', 'I was there', 1, 'refused', 'The kiosk says otherwise', 2, now(), now());
"""

# Values that an upgrade changes on purpose: (revision, table) -> columns.
CHANGED_BY_UPGRADE: dict[tuple[str, str], set[str]] = {
    ("0003", "users"): {"email"},  # lower case, as the sign-in compares it
    ("0008", "scorm_data"): {"attempt_no"},
    ("0100", "school"): {"revision"},  # a policy is added, which is counted
    ("0101", "school"): {"revision"},
    ("0170", "school"): {"revision"},
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
