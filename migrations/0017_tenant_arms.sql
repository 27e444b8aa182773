-- A tenant's coat of arms, as its pages and papers draw it. A tenant without a row has none.
create table tenant_arms (
    tenant_id bigint not null,
    -- SHA-256 of the drawing: its address, so that another drawing has another one
    hash text not null,
    -- SVG, as the check wrote it anew
    svg text not null,
    set_at timestamptz not null,
    constraint tenant_arms_pk primary key (tenant_id),
    constraint tenant_arms_tenant_fk foreign key (tenant_id) references tenant (id)
);
