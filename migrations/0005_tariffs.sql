-- A council resolution's prices for a service, in force between two days. Rules are rows: see the tariffs crate.
create table tariff_plan (
    tenant_id bigint not null,
    id uuid not null,
    external_key text,
    service_id uuid not null,
    name text not null,
    resolution_number text not null,
    resolution_on date not null,
    from_on date not null,
    to_on date not null,
    constraint tariff_plan_pk primary key (tenant_id, id),
    constraint tariff_plan_external_key_unique unique (tenant_id, external_key)
);
create index tariff_plan_by_service on tariff_plan (tenant_id, service_id, from_on);

create table tariff_rule (
    tenant_id bigint not null,
    plan_id uuid not null,
    position integer not null,
    -- price: the first that fits sets it; reduction and exemption: each that fits changes it, in order
    kind text not null,
    -- the rule itself, as the tariffs crate reads it (JSON)
    body text not null,
    constraint tariff_rule_pk primary key (tenant_id, plan_id, position),
    constraint tariff_rule_plan_fk foreign key (tenant_id, plan_id) references tariff_plan (tenant_id, id)
);
