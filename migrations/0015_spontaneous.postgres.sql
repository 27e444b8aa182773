-- One kind of debt positions more: what its payer asked for.
alter table debt_position drop constraint debt_position_kind_known;
alter table debt_position add constraint debt_position_kind_known
    check (kind in ('instalment', 'whole', 'top_up', 'spontaneous'));
