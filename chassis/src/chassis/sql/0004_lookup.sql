-- Keyed indexes whose keys several owners may share: whom a name leads to. Mutable, filled from the log by whoever owns
-- the meaning of a scope, and never part of an event. A key that one owner alone may hold is a reservation.

create table lookup (scope text, key bytea, owner text, primary key (scope, key, owner));
create index lookup_owner on lookup (owner);

do $$
declare
    role_name text := current_setting('huzhu.service_role');
begin
    execute format('grant select, insert, delete on lookup to %I', role_name);
end $$;
