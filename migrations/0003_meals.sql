-- Which days a service runs at a site. A day without a row is closed.
create table service_calendar (
    tenant_id bigint not null,
    service_id uuid not null,
    site_id uuid not null,
    day date not null,
    open boolean not null,
    -- why it is closed, in the words parents read
    cause text,
    constraint service_calendar_pk primary key (tenant_id, service_id, site_id, day)
);

-- Until when an absence may be reported: the most specific rule in force wins (site and weekday, site, weekday, service).
create table cutoff_rule (
    tenant_id bigint not null,
    id uuid not null,
    service_id uuid not null,
    site_id uuid,
    -- 1 Monday ... 7 Sunday
    weekday integer,
    -- the minute of the local day, 540 is 09:00; a report made during minute 539 is in time, at 540 it is too late
    minute integer not null,
    -- 0 the same day, 1 the day before
    days_before integer not null,
    days_ahead integer not null,
    from_on date not null,
    to_on date,
    constraint cutoff_rule_pk primary key (tenant_id, id),
    constraint cutoff_rule_minute_in_day check (minute between 0 and 1439)
);
create index cutoff_rule_by_service on cutoff_rule (tenant_id, service_id);

-- The kinds of absence a tenant lets parents report.
create table absence_kind (
    tenant_id bigint not null,
    code text not null,
    name_it text not null,
    name_en text not null,
    -- absent: no meal, no charge; light_meal and early_exit: the meal is eaten and charged
    effect text not null,
    -- the most days in a row, null for no limit
    max_days integer,
    position integer not null,
    constraint absence_kind_pk primary key (tenant_id, code),
    constraint absence_kind_effect_known check (effect in ('absent', 'light_meal', 'early_exit'))
);

-- What a guardian sent, once; the days it covers are absence_day rows.
create table absence_report (
    tenant_id bigint not null,
    id uuid not null,
    receipt_number text not null,
    pupil_id uuid not null,
    service_id uuid not null,
    person_id uuid not null,
    kind_code text not null,
    first_on date not null,
    last_on date not null,
    channel text not null,
    received_at timestamptz not null,
    -- per-day outcomes as they were told to the guardian (JSON), and the signature over the receipt's text
    outcomes text not null,
    signature text not null,
    constraint absence_report_pk primary key (tenant_id, id),
    constraint absence_report_receipt_number_unique unique (tenant_id, receipt_number),
    constraint absence_report_pupil_fk foreign key (tenant_id, pupil_id) references pupil (tenant_id, id),
    constraint absence_report_person_fk foreign key (tenant_id, person_id) references person (tenant_id, id)
);
create index absence_report_by_pupil on absence_report (tenant_id, pupil_id, received_at);

-- Numbers of receipts: one row per tenant and year, taken in the transaction that uses the number.
create table receipt_counter (
    tenant_id bigint not null,
    year integer not null,
    last_number bigint not null,
    constraint receipt_counter_pk primary key (tenant_id, year)
);

create table absence_day (
    tenant_id bigint not null,
    pupil_id uuid not null,
    service_id uuid not null,
    day date not null,
    report_id uuid not null,
    kind_code text not null,
    effect text not null,
    state text not null,
    reported_at timestamptz not null,
    undone_at timestamptz,
    constraint absence_day_pk primary key (tenant_id, pupil_id, service_id, day, report_id),
    constraint absence_day_report_fk foreign key (tenant_id, report_id) references absence_report (tenant_id, id),
    constraint absence_day_state_known check (state in ('reported', 'undone'))
);
-- one standing report per pupil, service and day
create unique index absence_day_once on absence_day (tenant_id, pupil_id, service_id, day) where state = 'reported';

-- What happened on a day, from the roll call, the booking or an import.
create table attendance (
    tenant_id bigint not null,
    pupil_id uuid not null,
    service_id uuid not null,
    day date not null,
    status text not null,
    source text not null,
    recorded_at timestamptz not null,
    recorded_by text not null,
    -- why an operator set a presence aside of an accepted report
    override_reason text,
    constraint attendance_pk primary key (tenant_id, pupil_id, service_id, day),
    constraint attendance_status_known check (status in ('present', 'absent', 'present_not_enrolled')),
    constraint attendance_source_known check (source in ('roll', 'booking', 'import', 'operator'))
);
create index attendance_by_day on attendance (tenant_id, service_id, day);

create table dish (
    tenant_id bigint not null,
    id uuid not null,
    name text not null,
    -- comma-separated codes of the fourteen allergens of regulation (EU) 1169/2011
    allergens text not null,
    constraint dish_pk primary key (tenant_id, id),
    constraint dish_name_unique unique (tenant_id, name)
);

-- The menu of a day for a school level and a diet code ('' is everybody's).
create table menu_day (
    tenant_id bigint not null,
    service_id uuid not null,
    day date not null,
    level text not null,
    diet_code text not null,
    position integer not null,
    course text not null,
    dish_id uuid not null,
    constraint menu_day_pk primary key (tenant_id, service_id, day, level, diet_code, position),
    constraint menu_day_dish_fk foreign key (tenant_id, dish_id) references dish (tenant_id, id)
);
