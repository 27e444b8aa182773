-- What a tenant asks of sign-ins; without a row: level 2, no supplier.
create table tenant_sign_in (
    tenant_id bigint not null,
    -- the least level of assurance, 1 to 3
    level integer not null,
    -- who runs the portal for the tenant, as CIE's metadata name it (JSON); none when the tenant does
    supplier text,
    constraint tenant_sign_in_pk primary key (tenant_id)
);

-- A key is listed in the metadata from the day it is made, signs from the day it is activated until another is, and leaves
-- the metadata when it is retired: providers know it before they see its signature.
alter table tenant_saml_key add column activated_at timestamptz;
alter table tenant_saml_key add column retired_at timestamptz;
update tenant_saml_key set activated_at = from_at;

-- Providers that a signed registry brought come and go with it; those of a file stay until a file replaces them.
alter table identity_provider add column from_registry boolean not null default false;

-- The request as it was sent, for the register of traces.
alter table sign_in_request add column request_xml text;

-- The provider's name for the sign-in, by which it may end the session.
alter table session add column name_id text;
-- Present where the provider keeps a session of its own, which we then end there too.
alter table session add column session_index text;
alter table session add column name_qualifier text;
create index session_by_name_id on session (tenant_id, idp_entity_id, name_id);

-- A sign-out that was sent on to the provider and may still be answered.
create table logout_request (
    tenant_id bigint not null,
    request_id text not null,
    scheme text not null,
    idp_entity_id text not null,
    expires_at timestamptz not null,
    constraint logout_request_pk primary key (tenant_id, request_id)
);

-- People of other countries who signed in, and which person of the registry each is: approved by an operator, never guessed.
create table foreign_identity (
    tenant_id bigint not null,
    -- of the other country's scheme, as the eIDAS node gives it
    foreign_id text not null,
    -- as the node said, for the office to recognise them
    name text not null,
    family_name text not null,
    date_of_birth text,
    first_seen_at timestamptz not null,
    -- none while they wait to be linked
    person_id uuid,
    -- the operator
    linked_by text,
    linked_at timestamptz,
    constraint foreign_identity_pk primary key (tenant_id, foreign_id)
);

-- The register of traces: request and response of every sign-in, accepted or refused, kept 24 months (SPID's rules, DPCM
-- 24 October 2014, article 13). A chain per tenant; the messages are personal data and sealed.
create table sign_in_trace (
    tenant_id bigint not null,
    number bigint not null,
    scheme text not null,
    idp_entity_id text not null,
    request_id text not null,
    -- accepted, or the refusal
    outcome text not null,
    recorded_at timestamptz not null,
    -- the messages and what was read of them (JSON), sealed
    sealed bytea not null,
    previous_hash bytea not null,
    hash bytea not null,
    constraint sign_in_trace_pk primary key (tenant_id, number)
);
create index sign_in_trace_by_request on sign_in_trace (tenant_id, request_id);

-- Where each chain of traces ends, and up to where it was purged: the hash of the last purged trace is what the first of
-- the rest follows from.
create table sign_in_trace_chain (
    tenant_id bigint not null,
    last_number bigint not null,
    last_hash bytea not null,
    purged_number bigint not null,
    purged_hash bytea not null,
    constraint sign_in_trace_chain_pk primary key (tenant_id)
);
