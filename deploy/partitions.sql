-- Monthly partitions for the tables that grow with every click: statements of the LRS with what they are found by, and the
-- history. For a school beyond some twenty million statements; docs/operations.md says what it brings and what it costs.
--
--   aada db psql -f deploy/partitions.sql                       # once, as the owner, with the system stopped and a backup made
--   aada db psql -c 'SELECT * FROM partitions_ahead(3)'         # every month, from cron: the coming three months
--
-- No row is copied: the table so far becomes the first partition, up to the end of this month. A row of a month without a
-- partition goes into the one called …_rest, so that nothing is refused; it should be empty, and the month’s rows go where
-- they belong as soon as partitions_ahead makes it. A run that breaks off leaves each table as it was or done: run it again.
\set ON_ERROR_STOP on
SET statement_timeout = 0;
SET lock_timeout = '10s';
-- Months begin for everybody at once: what is written tonight must not lie beyond a bound that is this evening.
SET timezone = 'UTC';

-- The key of `audit_log` has to hold the month. What a run that was broken off left of it is built again.
SELECT 'DROP INDEX audit_log_id_at' FROM pg_index WHERE indexrelid = to_regclass('audit_log_id_at') AND NOT indisvalid \gexec
SELECT 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS audit_log_id_at ON audit_log (id, at)'
FROM pg_class WHERE oid = 'audit_log'::regclass AND relkind = 'r' \gexec

-- The beginning of a month, as the column has it: microseconds since 1970 or an instant.
CREATE OR REPLACE FUNCTION partition_bound(month date, kind regtype) RETURNS text LANGUAGE sql STABLE
RETURN CASE kind WHEN 'bigint'::regtype THEN (extract(epoch FROM month::timestamp AT TIME ZONE 'UTC') * 1000000)::bigint::text
                 ELSE quote_literal((month::timestamp AT TIME ZONE 'UTC')::text) END;

-- Nobody reaches a partition but through its table: there stand the rights and the policies.
CREATE OR REPLACE FUNCTION close_partition(part regclass) RETURNS void LANGUAGE plpgsql AS $$
DECLARE one record;
BEGIN
    FOR one IN SELECT DISTINCT x.grantee FROM pg_class c, aclexplode(c.relacl) x
               WHERE c.oid = part AND x.grantee <> c.relowner LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %s', part,
                       CASE one.grantee WHEN 0 THEN 'PUBLIC' ELSE one.grantee::regrole::text END);
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION make_partition(parent regclass, part name, of_values text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE one record;
BEGIN
    EXECUTE format('CREATE TABLE %I PARTITION OF %s %s', part, parent, of_values);
    PERFORM close_partition(part::text::regclass);
    -- What is unique within a partition alone: the table as a whole cannot hold it.
    FOR one IN SELECT pg_get_indexdef(i.indexrelid) AS made FROM pg_index i
               WHERE i.indrelid = (SELECT min(inhrelid) FROM pg_inherits WHERE inhparent = parent)
                 AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = i.indexrelid) LOOP
        EXECUTE regexp_replace(one.made, 'INDEX \S+ ON \S+ ', format('INDEX ON %I ', part));
    END LOOP;
END $$;

-- The same for a month of which rows lie in …_rest, as none was made in time: they go where they belong.
CREATE OR REPLACE FUNCTION make_partition_late(parent regclass, part name, by_column name, since text, until text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    rest text := format('%s_rest', parent);
    columns text;
BEGIN
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', parent);
    EXECUTE format('ALTER TABLE %s DETACH PARTITION %I', parent, rest);
    PERFORM make_partition(parent, part, format('FOR VALUES FROM (%s) TO (%s)', since, until));
    SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
    WHERE attrelid = parent AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format('WITH moved AS (DELETE FROM %1$I WHERE %2$I >= %3$s AND %2$I < %4$s RETURNING %6$s)'
                   ' INSERT INTO %5$I (%6$s) OVERRIDING SYSTEM VALUE SELECT * FROM moved',
                   rest, by_column, since, until, part, columns);
    EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I DEFAULT', parent, rest);
END $$;

-- The coming months of every table that has partitions by month; the names of those that were made.
CREATE OR REPLACE FUNCTION partitions_ahead(months integer, since date DEFAULT (now() AT TIME ZONE 'UTC')::date)
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    parent record;
    month date;
    part text;
    bounds text[];
    is_late boolean;
BEGIN
    FOR parent IN SELECT p.partrelid::regclass AS name, a.atttypid::regtype AS kind, a.attname AS by_column FROM pg_partitioned_table p
                  JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
                  JOIN pg_class c ON c.oid = p.partrelid WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1 LOOP
        FOR month IN SELECT generate_series(date_trunc('month', since), date_trunc('month', since)
                                            + make_interval(months => months), '1 month')::date LOOP
            part := format('%s_%s', parent.name, to_char(month, 'YYYYMM'));
            CONTINUE WHEN to_regclass(part) IS NOT NULL
                OR to_regclass(format('%s_until_%s', parent.name, to_char(month + interval '1 month', 'YYYYMM'))) IS NOT NULL
                OR EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = parent.name
                           AND c.relname ~ '_until_' AND right(c.relname, 6) > to_char(month, 'YYYYMM'));
            bounds := ARRAY[partition_bound(month, parent.kind),
                            partition_bound((month + interval '1 month')::date, parent.kind)];
            EXECUTE format('SELECT EXISTS (SELECT FROM %1$I WHERE %2$I >= %3$s AND %2$I < %4$s)',
                           parent.name || '_rest', parent.by_column, bounds[1], bounds[2]) INTO is_late;
            IF is_late THEN
                PERFORM make_partition_late(parent.name, part::name, parent.by_column, bounds[1], bounds[2]);
            ELSE
                PERFORM make_partition(parent.name, part::name,
                                       format('FOR VALUES FROM (%s) TO (%s)', bounds[1], bounds[2]));
            END IF;
            RETURN NEXT part;
        END LOOP;
    END LOOP;
END $$;

-- One table, whose rows so far stay where they are.
CREATE OR REPLACE PROCEDURE begin_partitions(parent text, by_column text, until date DEFAULT
    (date_trunc('month', now() AT TIME ZONE 'UTC') + interval '1 month')::date) LANGUAGE plpgsql AS $$
DECLARE
    before text := format('%s_until_%s', parent, to_char(until, 'YYYYMM'));
    bound text;
    kind regtype;
    key text;
    key_name text;
    one record;
    later text[] := '{}';
BEGIN
    IF EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = parent::regclass) THEN
        RAISE NOTICE '% has partitions already', parent;
        RETURN;
    END IF;
    SELECT atttypid::regtype INTO kind FROM pg_attribute WHERE attrelid = parent::regclass AND attname = by_column;
    bound := partition_bound(until, kind);
    -- Held from here to the end, and all of it or nothing: a bound that outlived its month would refuse every row. The
    -- table is read once; the swap then believes it without reading.
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', parent);
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT IF EXISTS partition_bound', parent);
    EXECUTE format('ALTER TABLE %I ADD CONSTRAINT partition_bound CHECK (%I < %s)', parent, by_column, bound);
    SELECT conname, (SELECT string_agg(quote_ident(attname), ', ' ORDER BY place)
                     FROM unnest(conkey) WITH ORDINALITY AS k (number, place)
                     JOIN pg_attribute ON attrelid = conrelid AND attnum = number)
    INTO key_name, key FROM pg_constraint WHERE conrelid = parent::regclass AND contype = 'p';
    IF position(by_column IN key) = 0 THEN
        key := format('%s, %I', key, by_column);
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', parent, key_name);
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I PRIMARY KEY USING INDEX %I', parent, key_name,
                       parent || '_id_' || by_column);
    END IF;
    -- Everything that belongs to the table, as statements, before its name changes.
    FOR one IN
        SELECT 1 AS turn, format('ALTER TABLE %I ADD CONSTRAINT %I %s', parent, conname, pg_get_constraintdef(oid)) AS act
        FROM pg_constraint WHERE conrelid = parent::regclass AND contype = 'f'
        UNION ALL SELECT 2, format('ATTACH')
        UNION ALL SELECT 3, format('ALTER TABLE %I ADD CONSTRAINT %I PRIMARY KEY (%s)', parent, key_name, key)
        UNION ALL SELECT 4, pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid = parent::regclass AND NOT indisunique
        UNION ALL SELECT 5, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = parent::regclass AND NOT tgisinternal
        UNION ALL SELECT 6, format('GRANT %s ON %I TO %s', x.privilege_type, parent, x.grantee::regrole)
        FROM pg_class c, aclexplode(c.relacl) x WHERE c.oid = parent::regclass AND x.grantee NOT IN (0, c.relowner)
        UNION ALL SELECT 6, format('GRANT %s (%I) ON %I TO %s', x.privilege_type, a.attname, parent, x.grantee::regrole)
        FROM pg_attribute a, aclexplode(a.attacl) x WHERE a.attrelid = parent::regclass AND x.grantee <> 0
        UNION ALL SELECT 7, format('CREATE POLICY %I ON %I AS %s FOR %s TO %s%s%s', policyname, parent, permissive, cmd,
            array_to_string(roles, ', '), ' USING (' || qual || ')', ' WITH CHECK (' || with_check || ')')
        FROM pg_policies WHERE schemaname = 'public' AND tablename = parent
        UNION ALL SELECT 8, format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', parent)
        FROM pg_class WHERE oid = parent::regclass AND relrowsecurity
        UNION ALL SELECT 9, format('ALTER SEQUENCE %s OWNED BY %I.%I', d.objid::regclass, parent, a.attname)
        FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
        WHERE d.refobjid = parent::regclass AND d.classid = 'pg_class'::regclass AND d.deptype = 'a'
          AND EXISTS (SELECT FROM pg_class s WHERE s.oid = d.objid AND s.relkind = 'S')
        ORDER BY turn
    LOOP
        later := later || replace(replace(one.act, ' WITH CHECK ()', ''), ' USING ()', '');
    END LOOP;
    FOR one IN SELECT tgname FROM pg_trigger WHERE tgrelid = parent::regclass AND NOT tgisinternal LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', one.tgname, parent);  -- the table's fire for its partitions
    END LOOP;
    EXECUTE format('ALTER TABLE %I RENAME TO %I', parent, before);
    FOR one IN SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
               WHERE i.indrelid = before::regclass LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', one.relname, left(one.relname, 56) || '_before');
    END LOOP;
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMPRESSION
                    INCLUDING COMMENTS INCLUDING IDENTITY INCLUDING GENERATED) PARTITION BY RANGE (%I)',
                   parent, before, by_column);
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT partition_bound', parent);
    PERFORM close_partition(parent::regclass);
    FOR one IN SELECT unnest(later) AS act LOOP
        IF one.act = 'ATTACH' THEN
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)', parent, before, bound);
        ELSE
            EXECUTE one.act;
        END IF;
    END LOOP;
    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT partition_bound', before);
    PERFORM close_partition(before::regclass);
    PERFORM make_partition(parent::regclass, (parent || '_rest')::name, 'DEFAULT');
END $$;

CALL begin_partitions('xapi_statements', 'id');
CALL begin_partitions('xapi_statement_actors', 'statement_id');
CALL begin_partitions('xapi_statement_activities', 'statement_id');
CALL begin_partitions('audit_log', 'at');
SELECT partitions_ahead(3);
-- Nobody does this for a table with partitions by itself.
ANALYZE xapi_statements, xapi_statement_actors, xapi_statement_activities, audit_log;
