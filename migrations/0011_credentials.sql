-- One of the Comune's staff: the office, a school, a kitchen. What they may do is in role_grant alone.
create table operator (
    tenant_id bigint not null,
    id uuid not null,
    -- in lower case; also the user name
    email text not null,
    name text not null,
    created_at timestamptz not null,
    constraint operator_pk primary key (tenant_id, id),
    constraint operator_email_unique unique (tenant_id, email)
);

-- Read at each request: a grant that ends, ends at once.
create table role_grant (
    tenant_id bigint not null,
    id uuid not null,
    operator_id uuid not null,
    role text not null,
    granted_at timestamptz not null,
    ended_at timestamptz,
    constraint role_grant_pk primary key (tenant_id, id),
    constraint role_grant_operator_fk foreign key (tenant_id, operator_id) references operator (tenant_id, id),
    constraint role_grant_role_known check (role in ('administrator', 'operator', 'school', 'kitchen'))
);
create unique index role_grant_live_once on role_grant (tenant_id, operator_id, role) where ended_at is null;

-- An account with a password. Two kinds of people have one: businesses, and staff (who need a second factor too).
create table credential (
    tenant_id bigint not null,
    id uuid not null,
    kind text not null,
    -- the VAT number of a business, the mail address of staff
    user_name text not null,
    person_id uuid,
    operator_id uuid,
    -- where links for the password go; the registry's address may be another
    email text not null,
    -- argon2id in the PHC form; null until an invitation is taken up
    password_hash text,
    password_set_at timestamptz,
    -- the key of the second factor, sealed; not in force before totp_since
    totp_sealed bytea,
    totp_since timestamptz,
    -- the time step of the last code accepted: no code is accepted twice
    totp_last_step bigint,
    created_at timestamptz not null,
    constraint credential_pk primary key (tenant_id, id),
    constraint credential_user_name_unique unique (tenant_id, kind, user_name),
    constraint credential_person_fk foreign key (tenant_id, person_id) references person (tenant_id, id),
    constraint credential_operator_fk foreign key (tenant_id, operator_id) references operator (tenant_id, id),
    constraint credential_of_one check ((kind = 'business' and person_id is not null and operator_id is null)
                                     or (kind = 'staff' and operator_id is not null and person_id is null))
);

-- One-time links by which a password is set.
create table credential_link (
    tenant_id bigint not null,
    -- SHA-256 of the token in the link
    token_hash bytea not null,
    credential_id uuid not null,
    purpose text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    constraint credential_link_pk primary key (tenant_id, token_hash),
    constraint credential_link_credential_fk foreign key (tenant_id, credential_id) references credential (tenant_id, id),
    constraint credential_link_purpose_known check (purpose in ('invitation', 'reset'))
);
create index credential_link_by_credential on credential_link (tenant_id, credential_id);

-- For whoever lost their second factor.
create table recovery_code (
    tenant_id bigint not null,
    credential_id uuid not null,
    -- a keyed hash: the codes are short enough to be guessed from a plain one
    code_hash bytea not null,
    created_at timestamptz not null,
    used_at timestamptz,
    constraint recovery_code_pk primary key (tenant_id, credential_id, code_hash),
    constraint recovery_code_credential_fk foreign key (tenant_id, credential_id) references credential (tenant_id, id)
);

-- Somebody of the staff whose password was right and whose code is awaited.
create table pending_second_factor (
    tenant_id bigint not null,
    -- SHA-256 of the cookie
    token_hash bytea not null,
    credential_id uuid not null,
    expires_at timestamptz not null,
    constraint pending_second_factor_pk primary key (tenant_id, token_hash),
    constraint pending_second_factor_credential_fk foreign key (tenant_id, credential_id) references credential (tenant_id, id)
);

-- How fast something may be tried: one row a key, whoever of several processes is asked.
create table throttle (
    tenant_id bigint not null,
    -- SHA-256 of what is tried and by or on whom: people type passwords where user names belong
    key_hash bytea not null,
    -- when all tries made so far will be forgotten, in milliseconds of the Unix epoch
    free_at_ms bigint not null,
    constraint throttle_pk primary key (tenant_id, key_hash)
);
create index throttle_by_end on throttle (tenant_id, free_at_ms);

-- Sessions of staff stand beside those of citizens and are never found by each other's doors.
alter table session add column kind text not null default 'citizen';
alter table session add column operator_id uuid;
-- such as 'Safari · iPhone', for the person to recognise it by
alter table session add column device text;
create index session_by_code on session (tenant_id, fiscal_code);
create index session_by_operator on session (tenant_id, operator_id);

alter table sign_in_event add column operator_id uuid;
create index sign_in_event_by_operator on sign_in_event (tenant_id, operator_id, at);
