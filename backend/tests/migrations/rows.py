"""Rows for every table, as they stood at each revision.

A new migration that makes a table adds a row for it here (a test says so), and changes the older rows where it
gives them something that a downgrade has to carry.
"""

from tests.migrations.first_rows import FIRST
from tests.migrations.later_rows import LATER

ROWS = FIRST | LATER

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
