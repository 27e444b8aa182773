-- A pupil's enrolments in one service, found by all three, and a month of one menu without reading every other menu.
drop index enrolment_by_pupil;
create index enrolment_by_pupil on enrolment (tenant_id, pupil_id, service_id, from_on);
create index menu_day_by_diet on menu_day (tenant_id, service_id, level, diet_code, day, position);
