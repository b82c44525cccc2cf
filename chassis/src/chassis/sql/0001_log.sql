-- The log of one service: events numbered 1, 2, 3 … in commit order, and what is written with them.

create table event (
    position    bigint primary key,
    stream      text not null,
    version     bigint not null,
    type        text not null,
    recorded_at timestamptz not null default clock_timestamp(),
    body        bytea not null check (octet_length(body) <= 60000)
);
-- Not unique: the stream table holds the version check, so that events may be partitioned by position.
create index event_stream on event (stream, version);

create table stream (id text primary key, version bigint not null) with (fillfactor = 90);

create table head (only_row boolean primary key default true check (only_row), position bigint not null)
    with (fillfactor = 10);
insert into head (position) values (0);

create table command (
    key          text primary key,
    request_hash bytea not null,
    answer       bytea not null,
    position     bigint not null,
    expires_at   timestamptz
);

create table reservation (scope text, key bytea, owner text not null, primary key (scope, key));

create table checkpoint (tail text, source text, position bigint not null, primary key (tail, source));

create table parked (
    id        bigint generated always as identity primary key,
    tail      text not null,
    source    text not null,
    position  bigint not null,
    stream    text not null,
    body      bytea not null,
    error     text not null,
    attempts  int not null default 1,
    state     text not null default 'waiting' check (state in ('waiting', 'done')),
    parked_at timestamptz not null default clock_timestamp(),
    unique (tail, source, position)
);
create index parked_waiting on parked (tail, source, stream) where state = 'waiting';

create view readable_event as
    select position, stream, version, type, recorded_at, convert_from(body, 'UTF8')::jsonb as body from event;

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'An event is never changed or removed.' using errcode = 'insufficient_privilege';
end $$;
create trigger event_is_final before update or delete on event for each row execute function refuse_change();
create trigger event_stays before truncate on event for each statement execute function refuse_change();
alter table event enable always trigger event_is_final;
alter table event enable always trigger event_stays;

-- Writes many groups as one transaction. A group stands or falls alone; the answer names those that fell.
-- The head is locked by a statement of its own, so that every later statement sees what was committed before.
-- It is planned once a session, often while its tables are still empty, and the plan is kept until they are next
-- analysed. Planned like that it scanned the whole stream table for every batch, so that an append cost more with every
-- stream there was (0.6 ms at first, 12 ms at 100,000 streams). Its look-ups are all by key, and are planned so.
create function log_append(
    s_group int[], s_id text[], s_expected bigint[], s_version bigint[],
    e_group int[], e_stream text[], e_version bigint[], e_type text[], e_body bytea[],
    c_group int[], c_key text[], c_hash bytea[], c_answer bytea[], c_keep_s bigint[],
    r_group int[], r_scope text[], r_key bytea[], r_owner text[],
    k_group int[], k_tail text[], k_source text[], k_from bigint[], k_to bigint[],
    p_group int[], p_tail text[], p_source text[], p_position bigint[], p_stream text[], p_body bytea[], p_error text[],
    out base bigint, out bad_group int[], out bad_reason text[], out bad_detail text[]
) language plpgsql security definer set search_path = public
    set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
    set plan_cache_mode = force_generic_plan
as $$
declare
    written bigint := 0;
begin
    select position into base from head for update;

    select coalesce(array_agg(f.g), '{}'), coalesce(array_agg(f.reason), '{}'), coalesce(array_agg(f.detail), '{}')
    into bad_group, bad_reason, bad_detail
    from (
        select s.g, 'conflict' as reason, s.id as detail
        from unnest(s_group, s_id, s_expected) as s(g, id, expected)
        left join stream t on t.id = s.id
        where coalesce(t.version, 0) <> s.expected
    ) f;
    if cardinality(c_key) > 0 then
        select bad_group || coalesce(array_agg(c.g), '{}'), bad_reason || coalesce(array_agg('repeated'::text), '{}'),
               bad_detail || coalesce(array_agg(c.key), '{}')
        into bad_group, bad_reason, bad_detail
        from unnest(c_group, c_key) as c(g, key)
        join command t on t.key = c.key and (t.expires_at is null or t.expires_at > clock_timestamp());
    end if;
    if cardinality(r_key) > 0 then
        select bad_group || coalesce(array_agg(r.g), '{}'), bad_reason || coalesce(array_agg('taken'::text), '{}'),
               bad_detail || coalesce(array_agg(r.scope || '/' || encode(r.key, 'hex') || '/' || t.owner), '{}')
        into bad_group, bad_reason, bad_detail
        from unnest(r_group, r_scope, r_key, r_owner) as r(g, scope, key, owner)
        join reservation t on t.scope = r.scope and t.key = r.key and t.owner <> r.owner;
    end if;
    if cardinality(k_tail) > 0 then
        select bad_group || coalesce(array_agg(k.g), '{}'), bad_reason || coalesce(array_agg('moved'::text), '{}'),
               bad_detail || coalesce(array_agg(k.tail || '/' || k.source), '{}')
        into bad_group, bad_reason, bad_detail
        from unnest(k_group, k_tail, k_source, k_from) as k(g, tail, source, start)
        left join checkpoint t on t.tail = k.tail and t.source = k.source
        where coalesce(t.position, 0) <> k.start;
    end if;

    insert into event (position, stream, version, type, body)
    select base + row_number() over (order by e.n), e.stream, e.version, e.type, e.body
    from unnest(e_group, e_stream, e_version, e_type, e_body) with ordinality as e(g, stream, version, type, body, n)
    where bad_group = '{}' or e.g <> all (bad_group);
    get diagnostics written = row_count;

    -- What is new was found to be absent under the head's lock, so it needs no ON CONFLICT, which costs a look-up a row.
    if 0 = any (s_expected) then
        insert into stream (id, version)
        select s.id, s.version from unnest(s_group, s_id, s_expected, s_version) as s(g, id, expected, version)
        where s.expected = 0 and (bad_group = '{}' or s.g <> all (bad_group));
    end if;
    if 0 < any (s_expected) then
        update stream t set version = s.version
        from unnest(s_group, s_id, s_expected, s_version) as s(g, id, expected, version)
        where t.id = s.id and s.expected > 0 and (bad_group = '{}' or s.g <> all (bad_group));
    end if;
    if cardinality(c_key) > 0 then
        -- The position a command answers with is the last of its own group's events.
        insert into command as t (key, request_hash, answer, position, expires_at)
        select c.key, c.hash, c.answer,
               base + (select count(*) from unnest(e_group) as e(g)
                       where e.g <= c.g and (bad_group = '{}' or e.g <> all (bad_group))),
               clock_timestamp() + c.keep_s * interval '1 second'
        from unnest(c_group, c_key, c_hash, c_answer, c_keep_s) as c(g, key, hash, answer, keep_s)
        where bad_group = '{}' or c.g <> all (bad_group)
        on conflict (key) do update
        set request_hash = excluded.request_hash, answer = excluded.answer,
            position = excluded.position, expires_at = excluded.expires_at;
    end if;
    if cardinality(r_key) > 0 then
        insert into reservation (scope, key, owner)
        select r.scope, r.key, r.owner from unnest(r_group, r_scope, r_key, r_owner) as r(g, scope, key, owner)
        where bad_group = '{}' or r.g <> all (bad_group)
        on conflict do nothing;
    end if;
    if cardinality(k_tail) > 0 then
        insert into checkpoint as t (tail, source, position)
        select k.tail, k.source, k.target from unnest(k_group, k_tail, k_source, k_to) as k(g, tail, source, target)
        where bad_group = '{}' or k.g <> all (bad_group)
        on conflict (tail, source) do update set position = excluded.position;
    end if;
    if cardinality(p_tail) > 0 then
        insert into parked (tail, source, position, stream, body, error)
        select p.tail, p.source, p.position, p.stream, p.body, p.error
        from unnest(p_group, p_tail, p_source, p_position, p_stream, p_body, p_error)
            as p(g, tail, source, position, stream, body, error)
        where bad_group = '{}' or p.g <> all (bad_group)
        on conflict (tail, source, position) do nothing;
    end if;
    if written > 0 then
        update head set position = base + written;
    end if;
end $$;

-- Puts back, byte for byte, events that a restored database has lost. Only the next positions are accepted.
create function log_restore(at bigint[], streams text[], versions bigint[], types text[], bodies bytea[])
returns bigint language plpgsql security definer set search_path = public as $$
declare
    top bigint;
begin
    select position into top from head for update;
    if at[1] <> top + 1 or at[cardinality(at)] <> top + cardinality(at) then
        raise exception 'The log ends at %, so the next position is %, not %.', top, top + 1, at[1];
    end if;
    insert into event (position, stream, version, type, body)
    select * from unnest(at, streams, versions, types, bodies);
    insert into stream as t (id, version)
    select s.id, max(s.version) from unnest(streams, versions) as s(id, version) group by s.id
    on conflict (id) do update set version = excluded.version;
    update head set position = top + cardinality(at);
    return top + cardinality(at);
end $$;

-- Read models belong to the service's own role; it may make and replace them.
create schema projection;

do $$
declare
    role_name text := current_setting('huzhu.service_role');
begin
    execute format('revoke all on all functions in schema public from public');
    execute format('grant usage on schema public to %I', role_name);
    execute format('grant select on event, stream, head, command, checkpoint, parked, reservation, readable_event to %I',
                   role_name);
    execute format('grant update (state, attempts, error) on parked to %I', role_name);
    execute format('grant insert, update on checkpoint to %I', role_name);
    execute format('grant delete on command, reservation to %I', role_name);
    execute format('grant execute on function log_append, log_restore to %I', role_name);
    execute format('grant all on schema projection to %I', role_name);
    if exists (select from pg_roles where rolname = 'auditor') then
        grant usage on schema public, projection to auditor;
        grant select on event, head, checkpoint to auditor;
    end if;
end $$;
