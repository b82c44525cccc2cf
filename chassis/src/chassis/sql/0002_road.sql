-- What the road needs beside the log: jobs of workers, leases of sweeps, and the wish to retry a parked event.

create table job (
    durable      text not null,
    event_id     text not null,
    position     bigint not null,
    attempts     int not null default 0,
    state        text not null default 'waiting' check (state in ('waiting', 'done', 'parked')),
    due_at       timestamptz not null default clock_timestamp(),
    leased_until timestamptz,
    last_error   text not null default '',
    changed_at   timestamptz not null default clock_timestamp(),
    primary key (durable, event_id)
);
create index job_waiting on job (durable, due_at) where state = 'waiting';

create table sweep_lease (
    sweep        text not null,
    id           text not null,
    leased_until timestamptz not null,
    attempts     int not null default 0,
    last_error   text not null default '',
    primary key (sweep, id)
);
create index sweep_lease_ended on sweep_lease (leased_until);

-- 'retry' is a wish: the one replica that holds the tail works it off, in order.
alter table parked drop constraint parked_state_check;
alter table parked add constraint parked_state_check check (state in ('waiting', 'retry', 'done'));
create index parked_open on parked (tail, source, stream, position) where state <> 'done';

do $$
declare
    role_name text := current_setting('huzhu.service_role');
begin
    execute format('grant select, insert, update, delete on job, sweep_lease to %I', role_name);
end $$;
