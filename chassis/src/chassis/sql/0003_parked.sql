-- What waits for someone is looked for every few seconds, among many jobs that are done.

create index job_parked on job (changed_at) where state = 'parked';
create index sweep_lease_failing on sweep_lease (sweep) where attempts > 0;
