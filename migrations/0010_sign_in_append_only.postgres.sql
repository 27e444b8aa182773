-- Traces are evidence: the database itself refuses to change one, or to remove one that the chain's purge does not cover.
create function sign_in_trace_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;
create function sign_in_trace_refuse_removal() returns trigger language plpgsql as $$
begin
    if not exists (select 1 from sign_in_trace_chain c where c.tenant_id = old.tenant_id and c.purged_number >= old.number) then
        raise exception 'sign_in_trace is append-only' using errcode = 'restrict_violation';
    end if;
    return old;
end
$$;
create function sign_in_trace_chain_refuse_shrinking() returns trigger language plpgsql as $$
begin
    if new.last_number < old.last_number or new.purged_number < old.purged_number or new.purged_number > new.last_number then
        raise exception 'sign_in_trace_chain only grows' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger sign_in_trace_append_only before update or truncate on sign_in_trace
    for each statement execute function sign_in_trace_refuse_change();
create trigger sign_in_trace_removed_by_purge_only before delete on sign_in_trace
    for each row execute function sign_in_trace_refuse_removal();
create trigger sign_in_trace_chain_only_grows before update on sign_in_trace_chain
    for each row execute function sign_in_trace_chain_refuse_shrinking();
create trigger sign_in_trace_chain_never_removed before delete or truncate on sign_in_trace_chain
    for each statement execute function sign_in_trace_refuse_change();
