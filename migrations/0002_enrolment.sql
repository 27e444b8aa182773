-- Persons: parents, helpers, businesses. One row per person and tenant.
create table person (
    tenant_id bigint not null,
    id uuid not null,
    -- the key of the system the row was imported from; the same key is the same person
    external_key text,
    kind text not null,
    -- null only for businesses and for people whose code is not known: they cannot sign in with SPID
    fiscal_code text,
    vat_number text,
    name text not null,
    family_name text not null,
    birth_on date,
    birth_place text,
    email text,
    phone text,
    address text,
    postal_code text,
    city text,
    province text,
    constraint person_pk primary key (tenant_id, id),
    constraint person_external_key_unique unique (tenant_id, external_key),
    constraint person_fiscal_code_unique unique (tenant_id, fiscal_code),
    constraint person_vat_number_unique unique (tenant_id, vat_number),
    constraint person_kind_known check (kind in ('natural', 'business'))
);

-- People who share an ISEE. Not always the two parents.
create table household (
    tenant_id bigint not null,
    id uuid not null,
    external_key text,
    constraint household_pk primary key (tenant_id, id),
    constraint household_external_key_unique unique (tenant_id, external_key)
);

create table isee_declaration (
    tenant_id bigint not null,
    household_id uuid not null,
    -- the day from which the office applies it
    from_on date not null,
    -- last day of validity (31 December), or of the school year where the tenant keeps it
    to_on date not null,
    kind text not null,
    amount_cents bigint not null,
    protocol_number text,
    constraint isee_declaration_pk primary key (tenant_id, household_id, from_on),
    constraint isee_declaration_household_fk foreign key (tenant_id, household_id) references household (tenant_id, id),
    constraint isee_declaration_kind_known check (kind in ('ordinario', 'minorenni', 'corrente'))
);

create table pupil (
    tenant_id bigint not null,
    id uuid not null,
    external_key text,
    household_id uuid,
    name text not null,
    family_name text not null,
    fiscal_code text,
    birth_on date not null,
    birth_place text,
    address text,
    postal_code text,
    city text,
    province text,
    phone text,
    resident boolean not null,
    state text not null,
    constraint pupil_pk primary key (tenant_id, id),
    constraint pupil_external_key_unique unique (tenant_id, external_key),
    constraint pupil_fiscal_code_unique unique (tenant_id, fiscal_code),
    constraint pupil_household_fk foreign key (tenant_id, household_id) references household (tenant_id, id),
    constraint pupil_state_known check (state in ('open', 'closed'))
);
create index pupil_by_household on pupil (tenant_id, household_id);

-- Who may do what for a pupil. The account holder is one of them; a restriction by court order wins over every right.
create table guardianship (
    tenant_id bigint not null,
    id uuid not null,
    pupil_id uuid not null,
    person_id uuid not null,
    role text not null,
    may_view boolean not null,
    may_report_absences boolean not null,
    may_pay boolean not null,
    may_have_tax_papers boolean not null,
    from_on date not null,
    to_on date,
    restricted_from_on date,
    restricted_to_on date,
    restriction_act text,
    constraint guardianship_pk primary key (tenant_id, id),
    constraint guardianship_once unique (tenant_id, person_id, pupil_id),
    constraint guardianship_pupil_fk foreign key (tenant_id, pupil_id) references pupil (tenant_id, id),
    constraint guardianship_person_fk foreign key (tenant_id, person_id) references person (tenant_id, id),
    constraint guardianship_role_known check (role in ('account_holder', 'guardian', 'helper'))
);
create index guardianship_by_pupil on guardianship (tenant_id, pupil_id);

create table school_site (
    tenant_id bigint not null,
    id uuid not null,
    external_key text,
    institute text not null,
    name text not null,
    level text not null,
    address text not null,
    kitchen text not null,
    constraint school_site_pk primary key (tenant_id, id),
    constraint school_site_external_key_unique unique (tenant_id, external_key),
    constraint school_site_level_known check (level in ('nido', 'infanzia', 'primaria', 'secondaria'))
);

create table class_group (
    tenant_id bigint not null,
    id uuid not null,
    external_key text,
    site_id uuid not null,
    school_year integer not null,
    name text not null,
    -- days with lunch at school: bit 0 Monday ... bit 6 Sunday
    weekdays integer not null,
    constraint class_group_pk primary key (tenant_id, id),
    constraint class_group_external_key_unique unique (tenant_id, external_key),
    constraint class_group_site_fk foreign key (tenant_id, site_id) references school_site (tenant_id, id)
);
create index class_group_by_site on class_group (tenant_id, site_id, school_year);

-- In which class a pupil sits, and when: a pupil may move in mid-year.
create table placement (
    tenant_id bigint not null,
    pupil_id uuid not null,
    class_id uuid not null,
    from_on date not null,
    to_on date not null,
    constraint placement_pk primary key (tenant_id, pupil_id, from_on),
    constraint placement_pupil_fk foreign key (tenant_id, pupil_id) references pupil (tenant_id, id),
    constraint placement_class_fk foreign key (tenant_id, class_id) references class_group (tenant_id, id)
);
create index placement_by_class on placement (tenant_id, class_id);

-- A paid service (servizio a domanda individuale) of the tenant.
create table service (
    tenant_id bigint not null,
    id uuid not null,
    code text not null,
    name text not null,
    kind text not null,
    -- pagoPA taxonomy, such as 9/0107101TS/
    taxonomy_code text not null,
    -- VAT inside the price, in basis points; null where the service is exempt
    vat_basis_points integer,
    -- top-ups of wallets: null minimum where the service has no wallet
    top_up_min_cents bigint,
    top_up_max_cents bigint,
    -- comma-separated cents, in the order shown
    top_up_suggested text,
    constraint service_pk primary key (tenant_id, id),
    constraint service_code_unique unique (tenant_id, code),
    constraint service_kind_known check (kind in ('meal', 'school_bus', 'before_school', 'after_school', 'nursery', 'summer_camp', 'other'))
);

create table enrolment (
    tenant_id bigint not null,
    id uuid not null,
    external_key text,
    pupil_id uuid not null,
    service_id uuid not null,
    school_year integer not null,
    from_on date not null,
    to_on date not null,
    state text not null,
    -- the account holder (intestatario) and the addressee of documents, who may be another person or a business
    holder_id uuid not null,
    addressee_id uuid not null,
    payment_mode text not null,
    -- null: the days of the class
    weekdays integer,
    constraint enrolment_pk primary key (tenant_id, id),
    constraint enrolment_external_key_unique unique (tenant_id, external_key),
    constraint enrolment_pupil_fk foreign key (tenant_id, pupil_id) references pupil (tenant_id, id),
    constraint enrolment_service_fk foreign key (tenant_id, service_id) references service (tenant_id, id),
    constraint enrolment_holder_fk foreign key (tenant_id, holder_id) references person (tenant_id, id),
    constraint enrolment_addressee_fk foreign key (tenant_id, addressee_id) references person (tenant_id, id),
    constraint enrolment_state_known check (state in ('submitted', 'active', 'suspended', 'withdrawn', 'closed')),
    constraint enrolment_payment_mode_known check (payment_mode in ('prepaid', 'postpaid', 'flat'))
);
create index enrolment_by_pupil on enrolment (tenant_id, pupil_id, school_year);
create index enrolment_by_holder on enrolment (tenant_id, holder_id);
create index enrolment_by_service on enrolment (tenant_id, service_id, school_year);

-- A badge carries the wallet of a pupil for a service, from year to year.
create table badge (
    tenant_id bigint not null,
    id uuid not null,
    code text not null,
    pupil_id uuid not null,
    service_id uuid not null,
    state text not null,
    from_on date not null,
    constraint badge_pk primary key (tenant_id, id),
    constraint badge_code_unique unique (tenant_id, code),
    constraint badge_pupil_fk foreign key (tenant_id, pupil_id) references pupil (tenant_id, id),
    constraint badge_service_fk foreign key (tenant_id, service_id) references service (tenant_id, id),
    constraint badge_state_known check (state in ('active', 'closed'))
);
create index badge_by_pupil on badge (tenant_id, pupil_id);

-- What the kitchen must know is the code; why is health or belief, sealed with the tenant's key.
create table diet (
    tenant_id bigint not null,
    id uuid not null,
    external_key text,
    pupil_id uuid not null,
    code text not null,
    kind text not null,
    from_on date not null,
    to_on date,
    reason_sealed bytea,
    constraint diet_pk primary key (tenant_id, id),
    constraint diet_external_key_unique unique (tenant_id, external_key),
    constraint diet_pupil_fk foreign key (tenant_id, pupil_id) references pupil (tenant_id, id),
    constraint diet_kind_known check (kind in ('medical', 'ethical'))
);
create index diet_by_pupil on diet (tenant_id, pupil_id);

-- Why a pupil pays less whatever the ISEE (disability, social services, foster care ...): a code of the tenant's, which its
-- tariff rules name. The last one that began counts.
create table pupil_circumstance (
    tenant_id bigint not null,
    pupil_id uuid not null,
    from_on date not null,
    to_on date,
    code text not null,
    act text,
    constraint pupil_circumstance_pk primary key (tenant_id, pupil_id, from_on),
    constraint pupil_circumstance_pupil_fk foreign key (tenant_id, pupil_id) references pupil (tenant_id, id)
);

create table attachment (
    tenant_id bigint not null,
    id uuid not null,
    external_key text,
    pupil_id uuid not null,
    -- whom the paper is for; null: every guardian who may view. A 730 certificate always has a person.
    person_id uuid,
    kind text not null,
    title text not null,
    file_name text not null,
    content_type text not null,
    size_bytes bigint not null,
    content bytea not null,
    issued_on date not null,
    constraint attachment_pk primary key (tenant_id, id),
    constraint attachment_external_key_unique unique (tenant_id, external_key),
    constraint attachment_pupil_fk foreign key (tenant_id, pupil_id) references pupil (tenant_id, id),
    constraint attachment_person_fk foreign key (tenant_id, person_id) references person (tenant_id, id),
    constraint attachment_kind_known check (kind in ('tax_certificate', 'letter', 'form', 'other'))
);
create index attachment_by_pupil on attachment (tenant_id, pupil_id);
