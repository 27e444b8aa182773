-- The keys with which a tenant signs its requests to identity providers; two rows while one is rolled over.
create table tenant_saml_key (
    tenant_id bigint not null,
    id uuid not null,
    scheme text not null,
    certificate_pem text not null,
    private_key_sealed bytea not null,
    from_at timestamptz not null,
    constraint tenant_saml_key_pk primary key (tenant_id, id)
);

-- Identity providers a tenant trusts: metadata as it was imported.
create table identity_provider (
    tenant_id bigint not null,
    scheme text not null,
    entity_id text not null,
    metadata_xml text not null,
    imported_at timestamptz not null,
    constraint identity_provider_pk primary key (tenant_id, scheme, entity_id)
);

-- A sign-in under way: what was asked, of whom, by which browser. Used once.
create table sign_in_request (
    tenant_id bigint not null,
    -- the ID of the AuthnRequest
    request_id text not null,
    relay_state text not null,
    scheme text not null,
    idp_entity_id text not null,
    -- SHA-256 of the cookie that binds the request to one browser
    browser_hash bytea not null,
    -- everything the verification compares with (JSON)
    pending text not null,
    return_path text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    constraint sign_in_request_pk primary key (tenant_id, request_id),
    constraint sign_in_request_relay_state_unique unique (tenant_id, relay_state)
);
create index sign_in_request_by_expiry on sign_in_request (expires_at);

-- Assertions already spent, kept until they could no longer be accepted.
create table spent_assertion (
    tenant_id bigint not null,
    idp_entity_id text not null,
    assertion_id text not null,
    expires_at timestamptz not null,
    constraint spent_assertion_pk primary key (tenant_id, idp_entity_id, assertion_id)
);

create table session (
    tenant_id bigint not null,
    id uuid not null,
    -- SHA-256 of the cookie
    token_hash bytea not null,
    csrf_token text not null,
    -- who signed in, as the identity provider said; a person of the registry when the code is known there
    person_id uuid,
    fiscal_code text not null,
    name text not null,
    family_name text not null,
    scheme text not null,
    idp_entity_id text not null,
    level integer not null,
    -- the pupil chosen in the switcher
    pupil_id uuid,
    created_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz,
    constraint session_pk primary key (tenant_id, id),
    constraint session_token_unique unique (token_hash)
);
create index session_by_person on session (tenant_id, person_id);

-- Sign-ins, sign-outs and refusals, shown to the person they concern.
create table sign_in_event (
    tenant_id bigint not null,
    id uuid not null,
    person_id uuid,
    kind text not null,
    scheme text not null,
    idp_entity_id text,
    reason text,
    at timestamptz not null,
    constraint sign_in_event_pk primary key (tenant_id, id)
);
create index sign_in_event_by_person on sign_in_event (tenant_id, person_id, at);

-- A form filled in while the session ran out, kept for the same browser until it is sent again.
create table form_draft (
    tenant_id bigint not null,
    -- SHA-256 of the cookie that holds the draft's key
    key_hash bytea not null,
    path text not null,
    body text not null,
    expires_at timestamptz not null,
    constraint form_draft_pk primary key (tenant_id, key_hash, path)
);
