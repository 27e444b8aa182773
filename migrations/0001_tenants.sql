-- A Comune, or another body, with what its pages and papers say of it.
create table tenant (
    id bigint not null,
    -- the code of the index of public administrations (c_h501), also in the identity metadata
    ipa_code text not null,
    name text not null,
    tagline text not null,
    fiscal_code text not null,
    -- one colour in #rrggbb; the shades are derived from it, and it has a contrast of 4.5:1 with white
    colour text not null,
    city text not null,
    region_name text not null,
    region_url text not null,
    website_url text not null,
    office_name text not null,
    office_email text not null,
    office_phone text not null,
    office_address text not null,
    office_hours text not null,
    accessibility_statement_url text,
    -- where browsers reach the portal (https://servizi.comune.esempio.it): return addresses and metadata are made of it
    public_url text not null,
    enabled boolean not null,
    created_at timestamptz not null,
    constraint tenant_pk primary key (id),
    constraint tenant_ipa_code_unique unique (ipa_code),
    constraint tenant_fiscal_code_unique unique (fiscal_code)
);

-- The tenant of a request is the one that owns its Host name (lower case, without port).
create table tenant_host (
    host text not null,
    tenant_id bigint not null,
    constraint tenant_host_pk primary key (host),
    constraint tenant_host_tenant_fk foreign key (tenant_id) references tenant (id)
);
create index tenant_host_by_tenant on tenant_host (tenant_id);

-- How a tenant stands towards pagoPA. A tenant without a row takes no payments.
create table tenant_pagopa (
    tenant_id bigint not null,
    -- fiscal code of the intermediary that runs the station; the tenant's own when it runs it itself
    broker_fiscal_code text not null,
    station_id text not null,
    -- aux digit 3 with a segregation code of two digits
    segregation_code integer not null,
    cbill_code text,
    iban text not null,
    postal_iban text,
    postal_holder text,
    postal_authorisation text,
    -- whether a notice may still be paid after its due date
    accepts_after_due boolean not null,
    checkout_base_url text not null,
    -- comma-separated hosts (with port) to which a browser may be sent to pay
    checkout_hosts text not null,
    checkout_key_sealed bytea,
    constraint tenant_pagopa_pk primary key (tenant_id),
    constraint tenant_pagopa_tenant_fk foreign key (tenant_id) references tenant (id)
);
