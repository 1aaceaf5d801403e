"""Rows of the tables that the first migrations make; see `tests.migrations.rows`."""

FIRST: dict[str, str] = {
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
