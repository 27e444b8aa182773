-- Tenants under the same agreement (convenzione) let whoever pays put notices of several of them in one cart. A tenant
-- without a row offers its own alone; each joins and leaves for itself.
create table payment_agreement (
    tenant_id bigint not null,
    name text not null,
    joined_at timestamptz not null,
    constraint payment_agreement_pk primary key (tenant_id),
    constraint payment_agreement_tenant_fk foreign key (tenant_id) references tenant (id)
);
create index payment_agreement_by_name on payment_agreement (name);

-- A cart over several tenants has a row with its own notices in each of them, all under one id. Here the tenant in whose
-- portal it was opened says which the others are.
create table payment_cart_share (
    tenant_id bigint not null,
    cart_id uuid not null,
    other_tenant_id bigint not null,
    constraint payment_cart_share_pk primary key (tenant_id, cart_id, other_tenant_id),
    constraint payment_cart_share_cart_fk foreign key (tenant_id, cart_id) references payment_cart (tenant_id, id),
    constraint payment_cart_share_other_fk foreign key (other_tenant_id, cart_id) references payment_cart (tenant_id, id)
);
create index payment_cart_share_by_other on payment_cart_share (other_tenant_id, cart_id);
