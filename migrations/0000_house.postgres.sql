-- 23001 lets the program tell a refused change from a failed one.
create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger audit_event_is_append_only before update or delete or truncate on audit_event
    for each statement execute function refuse_change();
