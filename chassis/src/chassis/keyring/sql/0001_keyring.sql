-- Data keys of persons, wrapped under a key that is not in Postgres. Services reach them through the functions only.

CREATE TABLE keyring.category_grant (
    role     name NOT NULL,
    category text COLLATE "C" NOT NULL,
    may      text COLLATE "C" NOT NULL CHECK (may IN ('open', 'destroy')),
    PRIMARY KEY (role, category, may)
);

CREATE TABLE keyring.data_key (
    subject     text COLLATE "C" NOT NULL,
    category    text COLLATE "C" NOT NULL,
    kek_version int NOT NULL,
    wrapped     bytea,
    state       text COLLATE "C" NOT NULL CHECK (state IN ('active', 'restricted', 'erased')),
    created_at  timestamptz NOT NULL DEFAULT now(),
    erased_at   timestamptz,
    PRIMARY KEY (subject, category),
    CHECK ((state = 'erased') = (wrapped IS NULL)),
    CHECK ((state = 'erased') = (erased_at IS NOT NULL))
);

-- A purpose key belongs to the role that made it: no service can compute another service's index.
CREATE TABLE keyring.index_key (
    role        name NOT NULL,
    purpose     text COLLATE "C" NOT NULL,
    version     int NOT NULL,
    kek_version int NOT NULL,
    wrapped     bytea NOT NULL,
    PRIMARY KEY (role, purpose, version)
);

CREATE FUNCTION keyring.keep_tombstone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an erased key stays erased' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER data_key_keep_tombstone BEFORE UPDATE OR DELETE ON keyring.data_key
    FOR EACH ROW WHEN (old.state = 'erased') EXECUTE FUNCTION keyring.keep_tombstone();

CREATE FUNCTION keyring.demand(wanted text[], needed text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = keyring, pg_temp AS $$
DECLARE
    refused text;
BEGIN
    SELECT string_agg(w.category, ', ') INTO refused
      FROM (SELECT DISTINCT category FROM unnest(wanted) AS category) AS w
     WHERE NOT EXISTS (SELECT FROM category_grant AS g
                        WHERE g.role = session_user AND g.category = w.category AND g.may = needed);
    IF refused IS NOT NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'category not granted: ' || refused;
    END IF;
END $$;

CREATE FUNCTION keyring.granted() RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = keyring, pg_temp
AS $$ SELECT category FROM category_grant WHERE role = session_user AND may = 'open' $$;

-- Insert what is missing; answer only where another key (or a tombstone) was there before, by place in the input.
CREATE FUNCTION keyring.make_keys(subjects text[], categories text[], kek int, fresh bytea[])
RETURNS TABLE (place int, kept_version int, kept bytea, kept_state text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = keyring, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    PERFORM demand(categories, 'open');
    INSERT INTO data_key (subject, category, kek_version, wrapped, state)
    SELECT n.s, n.c, kek, n.w, 'active'
      FROM unnest(subjects, categories, fresh) AS n (s, c, w)
     ORDER BY n.s COLLATE "C", n.c COLLATE "C"  -- one order for all, so that two writers cannot deadlock
        ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS made = ROW_COUNT;
    IF made = cardinality(subjects) THEN
        RETURN;
    END IF;
    -- A statement of its own, so that it sees what another process has just committed.
    RETURN QUERY
    SELECT n.at::int, k.kek_version, CASE k.state WHEN 'active' THEN k.wrapped END, k.state
      FROM unnest(subjects, categories, fresh) WITH ORDINALITY AS n (s, c, w, at)
      JOIN data_key AS k ON k.subject = n.s AND k.category = n.c
     WHERE k.wrapped IS DISTINCT FROM n.w;
END $$;

CREATE FUNCTION keyring.read_keys(subjects text[], categories text[])
RETURNS TABLE (place int, kept_version int, kept bytea, kept_state text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = keyring, pg_temp AS $$
BEGIN
    PERFORM demand(categories, 'open');
    RETURN QUERY
    SELECT n.at::int, k.kek_version, CASE k.state WHEN 'active' THEN k.wrapped END, k.state
      FROM unnest(subjects, categories) WITH ORDINALITY AS n (s, c, at)
      JOIN data_key AS k ON k.subject = n.s AND k.category = n.c;
END $$;

-- Also leaves a tombstone where no key ever was, so that a late writer cannot begin one.
CREATE FUNCTION keyring.destroy_keys(person text, categories text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = keyring, pg_temp AS $$
BEGIN
    PERFORM demand(categories, 'destroy');
    INSERT INTO data_key AS k (subject, category, kek_version, wrapped, state, erased_at)
    SELECT person, c.category, 0, NULL, 'erased', now()
      FROM (SELECT DISTINCT category FROM unnest(categories) AS category) AS c
     ORDER BY c.category COLLATE "C"
        ON CONFLICT (subject, category) DO UPDATE
       SET wrapped = NULL, state = 'erased', erased_at = now(), kek_version = 0
     WHERE k.state <> 'erased';
END $$;

CREATE FUNCTION keyring.restrict_keys(person text, categories text[], restricted boolean) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = keyring, pg_temp AS $$
BEGIN
    PERFORM demand(categories, 'destroy');
    UPDATE data_key SET state = CASE WHEN restricted THEN 'restricted' ELSE 'active' END
     WHERE subject = person AND category = ANY (categories) AND state <> 'erased';
END $$;

CREATE FUNCTION keyring.make_index_key(wanted text, wanted_version int, kek int, fresh bytea)
RETURNS TABLE (kept_version int, kept bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = keyring, pg_temp AS $$
BEGIN
    INSERT INTO index_key (role, purpose, version, kek_version, wrapped)
    VALUES (session_user, wanted, wanted_version, kek, fresh)
        ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT k.kek_version, k.wrapped FROM index_key AS k
                  WHERE k.role = session_user AND k.purpose = wanted AND k.version = wanted_version;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA keyring FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA keyring FROM PUBLIC;
