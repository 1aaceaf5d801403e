"""Rows of the tables that migrations from 0200 on make; see `tests.migrations.rows`."""

LATER: dict[str, str] = {}

LATER["0200"] = """
    INSERT INTO inspection_packets (inspector, agency, reference, made_on, seed, drawn_among, drawn_from, asked_by,
                             finished_at, packet_sha256, packet_bytes, expires_at, disclosure_id)
        VALUES ('Ida Inspector', 'GNPEC', 'R-17', '2026-03-03', '7d', 'everyone', 30, 2, now(), repeat('d', 64), 4096,
                now() + interval '3 days', 2),
               ('Ida Inspector', 'GNPEC', NULL, '2026-03-03', NULL, NULL, NULL, 2, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO inspected_students (inspection_id, student_id, place, drawn, done_at, files, problem)
        VALUES (1, 1, 1, true, now(), 60, NULL), (1, 3, 2, false, now(), NULL, 'The account was deleted.'),
               (2, 1, 1, false, NULL, NULL, NULL);
"""

LATER["0210"] = """
    INSERT INTO ledger_payers (name, kind, contact, created_by) VALUES ('WorkSource Atlanta', 'wioa', 'Invoices', 2);
    INSERT INTO ledger_accounts (code, name, kind, student_id, payer_id)
        VALUES ('1200-1', 'Student 1', 'asset', 1, NULL), ('1300-1', 'Payer 1', 'asset', NULL, 1);
    WITH added AS (
        INSERT INTO ledger_transactions (kind, booked_on, student_id, enrollment_id, payer_id, memo, method, reference,
                                         created_by, request, fingerprint)
        VALUES ('charge', '2026-01-05', 1, 1, NULL, 'Tuition', NULL, NULL, 2, gen_random_uuid(), ''),
               ('payment', '2026-01-06', 1, 1, NULL, 'Payment', 'check', '1041', 2, gen_random_uuid(), ''),
               ('payer_billing', '2026-01-06', 1, 1, 1, 'Training voucher', NULL, 'V-7', 2, gen_random_uuid(), '')
        RETURNING id, kind
    )
    INSERT INTO ledger_postings (transaction_id, line, account_id, amount_cents)
        SELECT added.id, line, account.id, cents
        FROM added JOIN (VALUES ('charge', 1, '1200-1', 1200000), ('charge', 2, '4000', -1200000),
                                ('payment', 1, '1010', 50000), ('payment', 2, '1200-1', -50000),
                                ('payer_billing', 1, '1300-1', 300000), ('payer_billing', 2, '1200-1', -300000))
             AS given (kind, line, code, cents) ON given.kind = added.kind
        JOIN ledger_accounts account ON account.code = given.code;
    INSERT INTO ledger_receipts (document_id, transaction_id)
        SELECT 1, id FROM ledger_transactions WHERE kind = 'payment';
    INSERT INTO ledger_closings (day, expected_cents, counted_cents, receipts_cents, note, closed_by)
        VALUES ('2026-01-06', 0, 0, 50000, 'Nothing in cash', 2);
"""

LATER["0220"] = """
    INSERT INTO employment_outcomes (enrollment_id, status, employer, title, since, reason, evidence, recorded_by,
                                     supersedes_id)
        VALUES (1, 'seeking', NULL, NULL, NULL, NULL, 'A call', 2, NULL),
               (1, 'in_field', 'Peachtree Dental', 'Dental assistant', '2026-03-09', NULL, 'A letter', 2, 1);
"""

LATER["0230"] = """
    INSERT INTO closure_archives (asked_by, students_done, students_total, finished_at, sha256, size_bytes, files,
                                  expires_at, missing)
        VALUES (2, 3, 3, now(), repeat('d', 64), 4096, 12, now() + interval '6 days', '["TR-2026-000009"]'),
               (2, 1, 3, NULL, NULL, NULL, NULL, NULL, '[]');
"""

LATER["0240"] = """
    INSERT INTO kiosks (name, public_key, sealed_key, registered_at, chain, next_counter, latest_at, created_by)
        VALUES ('Front desk', 'key', 'sealed', '2026-03-02 12:00+00', repeat('a', 64), 2, '2026-03-02 13:00+00', 2);
    INSERT INTO kiosk_pins (user_id, sealed_hash, set_at) VALUES (1, 'sealed', '2026-03-02 12:00+00');
    INSERT INTO kiosk_cards (user_id, issued_by, issued_at) VALUES (1, 2, '2026-03-02 12:00+00');
    INSERT INTO kiosk_punches (kiosk_id, counter, digest, previous, signature, kind, made_at, offset_ms, measured_ms,
                               punched_at, received_at, method, user_id, attendance_id, state)
        VALUES (1, 1, repeat('b', 64), repeat('a', 64), 'signature', 'in', '2026-03-02 13:00+00', 400, 420,
                '2026-03-02 13:00+00', '2026-03-02 13:00+00', 'pin', 1, 1, 'recorded');
"""

LATER["0260"] = """
    INSERT INTO program_fees (program_id, kind, name, amount_cents, refundable, disclosed, created_by)
        VALUES (1, 'application', 'Application fee', 15000, false, true, 2), (1, 'kit', 'Kit', 32500, false, true, 2);
    INSERT INTO enrollment_agreements (document_id, enrollment_id, student_id, status, terms, terms_sha256, policy_id,
                                       refund_policy, shown_sha256, file_sha256, cosigner_kind, cosigner_name,
                                       cosigner_email, prepared_by, expires_at, consented_at, signed_at,
                                       cancellation_until)
        SELECT 1, 1, 1, 'awaiting_cosigner', '{"items": []}', repeat('a', 64), id, 'gnpec-current', repeat('b', 64),
               repeat('c', 64), 'parent', 'Pat Parent', 'pat@example.org', 2, '2026-03-20 12:00+00',
               '2026-03-02 12:00+00', '2026-03-02 12:01+00', '2026-03-05 12:01+00'
        FROM school_policies WHERE kind = 'agreement';
    INSERT INTO agreement_signatures (agreement_id, party, user_id, typed_name, consent, consented_at, signed_at, ip,
                                      user_agent, shown_sha256, file_sha256)
        VALUES (1, 'student', 1, 'Sam Student', 'I agree', '2026-03-02 12:00+00', '2026-03-02 12:01+00', '192.0.2.1',
                'Browser', repeat('b', 64), repeat('c', 64));
    INSERT INTO agreement_links (agreement_id, token_hash, email, expires_at)
        VALUES (1, repeat('d', 64), 'pat@example.org', '2026-03-20 12:00+00');
"""

LATER["0270"] = """
    INSERT INTO withdrawal_forms (request, enrollment_id, user_id, withdrawal_id, reason, acknowledged, submitted_at)
        VALUES (gen_random_uuid(), 1, 1, 1, 'Moving', 'I ask to leave.', '2026-03-02 12:00+00');
    INSERT INTO withdrawal_figures (withdrawal_id, completed_minutes, transferred_minutes, total_minutes,
                                    lessons_completed, lessons_total, segments, records, counted_until)
        VALUES (1, 2880, 0, 28800, 1, 10, '[]', '[]', '2026-03-03 05:00+00');
"""

LATER["0290"] = """
    INSERT INTO complaints (number, request, student_id, complainant, relation, email, received_how, received_on,
                            filed_by, kind, about_user_id, what, wanted, state, acknowledge_by, decide_by,
                            outcome, decision, decided_on, decided_by, decision_document_id, appeal_by)
        VALUES ('CO-2026-0001', gen_random_uuid(), 1, 'Maria Lopez', 'student', 'm@example.org', 'portal', '2026-03-02',
                1, 'safety', NULL, 'The lab was locked.', 'Open it.', 'decided', '2026-03-07', '2026-04-01', 'upheld',
                'The lab is open.', '2026-03-10', 2, 1, '2026-03-24');
    INSERT INTO complaint_steps (complaint_id, step, words, private, done_by)
        VALUES (1, 'filed', NULL, false, 1), (1, 'noted', 'Asked the instructor.', true, 2);
    INSERT INTO complaint_files (complaint_id, sha256, media_type, added_by)
        VALUES (1, repeat('e', 64), 'image/jpeg', 1);
"""

LATER["0340"] = """
    UPDATE refunds SET warnings = 1 WHERE id = 1;
    WITH added AS (
        INSERT INTO ledger_transactions (kind, booked_on, student_id, enrollment_id, memo, method, reference,
                                         created_by, request, fingerprint)
        VALUES ('remittance', '2026-04-02', 1, 1, 'Refund 1 paid', 'check', '2041', 2, gen_random_uuid(), '')
        RETURNING id
    ), posted AS (
        INSERT INTO ledger_postings (transaction_id, line, account_id, amount_cents)
        SELECT added.id, line, account.id, cents
        FROM added CROSS JOIN (VALUES (1, '1200-1', 900000), (2, '1010', -900000)) AS given (line, code, cents)
        JOIN ledger_accounts account ON account.code = given.code
    )
    INSERT INTO refund_remittances (refund_id, payer_id, payee, amount_cents, method, reference, remitted_at,
                                    remitted_by, transaction_id, request)
        SELECT 1, NULL, 'Nia Newcomer', 900000, 'check', '2041', '2026-04-02 12:00+00', 2, added.id, gen_random_uuid()
        FROM added;
    INSERT INTO refund_computations (refund_id, number, computed_by, reason, case_file, result, assumptions, payees,
                                     amount_cents, other_cents)
        VALUES (1, 1, 2, NULL, '{"policy": "gnpec-current"}', '{"amount_cents": 900000}', '["No agreement"]',
                '[{"payer_id": null, "name": "Nia Newcomer", "amount_cents": 900000}]', 900000, 0);
"""

LATER["0350"] = """
    INSERT INTO payment_plans (student_id, enrollment_id, total_cents, after_transaction, terms, request, created_by,
                               agreed_at, ended_at, ended_because)
        VALUES (1, 1, 70000, 1, '{"version": 1, "late_fee": "no_fee"}', gen_random_uuid(), 2,
                '2026-02-01 12:00+00', '2026-03-01 12:00+00', 'superseded');
    INSERT INTO payment_plan_installments (plan_id, number, due_on, amount_cents)
        VALUES (1, 1, '2026-03-01', 35000), (1, 2, '2026-04-01', 35000);
    INSERT INTO payment_plan_reminders (plan_id, number, kind) VALUES (1, 1, 'before');
"""

LATER["0360"] = """
    INSERT INTO payment_checkouts (provider, student_id, enrollment_id, amount_cents, request, session_id)
        VALUES ('stripe', 1, 1, 35000, gen_random_uuid(), 'cs_1');
    INSERT INTO payment_events (provider, event_id, type, outcome, checkout_id, amount_cents, reference)
        VALUES ('stripe', 'evt_1', 'charge.refunded', 'taken_back', 1, 35000, 'pi_1');
"""

LATER["0370"] = """
    INSERT INTO leaves_of_absence (request, enrollment_id, user_id, state, reason, starts_on, return_on, returned_on,
                                   requested_at, entered_by, decided_at, decided_by, ended_at, ended_by)
        VALUES (gen_random_uuid(), 1, 1, 'returned', 'Surgery', '2026-03-02', '2026-03-30', '2026-03-28',
                '2026-02-20 12:00+00', 1, '2026-02-21 12:00+00', 2, '2026-03-28 12:00+00', 2);
"""

LATER["0380"] = """
    INSERT INTO absence_requests (request, user_id, enrollment_id, starts_on, ends_on, reason, state, requested_at,
                                  decided_at, decided_by, note, withdrawn_at)
        VALUES (gen_random_uuid(), 1, 1, '2026-03-02', '2026-03-03', 'Flu', 'excused', '2026-03-01 12:00+00',
                '2026-03-01 13:00+00', 2, 'Get well', NULL),
               (gen_random_uuid(), 1, 1, '2026-03-09', '2026-03-09', 'A dentist', 'withdrawn', '2026-03-01 12:00+00',
                NULL, NULL, NULL, '2026-03-02 12:00+00');
"""

LATER["0390"] = """
    WITH added AS (
        INSERT INTO ledger_transactions (kind, booked_on, payer_id, memo, method, reference, created_by, request,
                                         fingerprint)
        VALUES ('payer_payment', '2026-01-20', 1, 'Payment', 'transfer', 'T-1', 2, gen_random_uuid(), '')
        RETURNING id
    )
    INSERT INTO ledger_postings (transaction_id, line, account_id, amount_cents)
        SELECT added.id, line, account.id, cents
        FROM added, (VALUES (1, '1030', 300000), (2, '1300-1', -300000)) AS given (line, code, cents)
        JOIN ledger_accounts account ON account.code = given.code;
    INSERT INTO issued_documents (id, kind, year, serial, number, status, payer_id, issued_by, request, issued_at,
                                  sha256, size_bytes, facts_sha256, signing_key_id)
        VALUES (900, 'receipt', 2026, 1, 'RC-2026-000001', 'issued', 1, 2, gen_random_uuid(), '2026-03-01',
                repeat('b4', 32), 30000, repeat('b5', 32), 2);
    INSERT INTO ledger_receipts (document_id, transaction_id)
        SELECT 900, max(id) FROM ledger_transactions WHERE kind = 'payer_payment';
    INSERT INTO issued_documents (id, kind, year, serial, number, status, payer_id, issued_by, request, issued_at,
                                  sha256, size_bytes, facts_sha256, signing_key_id, ended_at, void_reason, replaced_by)
        VALUES (901, 'receipt', 2026, 2, 'RC-2026-000002', 'void', 1, 2, gen_random_uuid(), NULL, NULL, NULL, NULL,
                NULL, '2026-03-01', 'The system failed.', NULL),
               (902, 'receipt', 2026, 3, 'RC-2026-000003', 'replaced', 1, 2, gen_random_uuid(), '2026-02-01',
                repeat('b6', 32), 30000, repeat('b7', 32), 2, '2026-03-01', NULL, 900);
"""

LATER["0400"] = """
    INSERT INTO metric_samples (name, label, at, value)
        VALUES ('database_bytes', '', '2026-03-01 12:00+00', 8200000),
               ('table_bytes', 'users', '2026-03-01 12:00+00', 8192);
"""

LATER["0460"] = """
    INSERT INTO lesson_texts (lesson_id, version, body, quiz, saved_by, saved_at)
        VALUES (1, 1, '# Hands', '{}', 4, '2026-03-01 12:00+00'), (1, 2, '# Hands', '{"pools": []}', NULL, now());
    INSERT INTO lesson_media (lesson_id, name, sha256, size_bytes, media_type, uploaded_by, uploaded_at)
        VALUES (1, 'hands.png', repeat('a', 64), 12, 'image/png', 4, '2026-03-01 12:00+00');
    INSERT INTO lesson_moves (enrollment_id, lesson_id, package_id, moved_by, moved_at)
        SELECT 1, lesson_id, id, 4, '2026-03-02 12:00+00' FROM content_packages ORDER BY id LIMIT 1;
    INSERT INTO questions (program_id, module_id, kind, created_by) VALUES (1, 1, 'choice', 4);
    INSERT INTO question_versions (question_id, version, prompt, points, content, key, corrects, reason, saved_by,
                                   saved_at)
        VALUES (1, 1, 'Which?', 1, '{"options": []}', '{"id": "a"}', NULL, NULL, 4, '2026-03-01 12:00+00'),
               (1, 2, 'Which?', 1, '{"options": []}', '{"id": "b"}', 1, 'It was wrong', 4, '2026-03-03 12:00+00');
    INSERT INTO quiz_attempts (user_id, enrollment_id, lesson_id, package_id, launch_id, number, seed, drawn,
                               started_at, deadline_at, submitted_at, ended_by, points, points_possible)
        SELECT 1, 1, lesson_id, package_id, id, 1, 'seed', '[{"version": 1, "order": []}]', '2026-03-02 12:00+00',
               '2026-03-02 12:30+00', '2026-03-02 12:10+00', 'student', 0, 1
        FROM launches ORDER BY id LIMIT 1;
    INSERT INTO quiz_answers (attempt_id, position, question_version_id, answer, seq, answered_at, points)
        VALUES (1, 1, 1, '{"id": "a"}', 1, '2026-03-02 12:05+00', 0);
    INSERT INTO quiz_accommodations (enrollment_id, lesson_id, extra_time_percent, reason, granted_by, granted_at)
        VALUES (1, NULL, 50, 'On file', 2, '2026-03-01 12:00+00');
"""

LATER["0470"] = """
    INSERT INTO assignments (id, lesson_id) VALUES (700, 1);
    INSERT INTO assignment_versions (id, assignment_id, version, instructions, criteria, kinds, max_bytes, max_files,
                                     late, late_pct, late_days, several, completes, pass_pct, created_by)
        VALUES (700, 700, 1, 'Take a photo', '[{"text": "Sharp", "critical": false, "levels": [
                {"label": "Not done", "points": 0}, {"label": "Done", "points": 1}]}]', '["picture"]', 1000000, 3,
                'reduce', 10, 5, true, 'passed', 75, 2);
    INSERT INTO assignment_dues (assignment_id, class_id, due_at, set_by) VALUES (700, 1, '2026-03-10 03:59+00', 2);
    INSERT INTO assignment_allowances (assignment_id, enrollment_id, due_at, again_after, reason, granted_by)
        VALUES (700, 1, '2026-03-12 03:59+00', 1, 'Was ill', 2);
    INSERT INTO hand_ins (id, assignment_id, version_id, enrollment_id, number, request, note, due_at, late_days,
                          deduction_pct, waits)
        VALUES (700, 700, 700, 1, 1, gen_random_uuid(), 'Here', '2026-03-10 03:59+00', 1, 10, false);
    INSERT INTO hand_in_files (hand_in_id, place, name, media_type, sha256, size_bytes)
        VALUES (700, 1, 'photo.jpg', 'image/jpeg', repeat('c7', 32), 1000);
    INSERT INTO hand_in_grades (hand_in_id, request, marks, points, points_possible, score_pct, passed, comment,
                                graded_by, graded_by_name, released_at)
        VALUES (700, gen_random_uuid(), '[1]', 1, 1, 90, true, 'Good', 2, 'Ruth Registrar', '2026-03-11 12:00+00');
"""

LATER["0471"] = """
    UPDATE scorm_data SET completion_status = 'completed', success_status = 'passed', score_scaled = 0.9166666666666666
        WHERE package_id IS NOT NULL;
"""

LATER["0472"] = """
    INSERT INTO scorm_courses (enrollment_id, package_id, status, state)
        VALUES (1, 2, 'incomplete', '{"current": "item-1", "tracks": {"item-1": {"attempts": 1, "active": true}}}');
"""

LATER["0521"] = """
    UPDATE lessons SET optional = true, opens_on = '2026-04-01', needs_check = true, after_lesson_id = 1 WHERE id = 2;
"""

LATER["0531"] = """
    UPDATE withdrawals SET withdrawn_at = requested_at, date_basis = 'receipt_of_request' WHERE id = 1;
"""
