/* The names under which the models assert what must hold, as docs/model.md lists them. Each is a constant false that
   Spin does not store; it stands first in its assertion, so that a violation is reported by name and the runner can
   tell whether a knock-out fails for the reason it should. */

hidden byte I1_acknowledged_is_in_both_stores;
hidden byte I2_a_document_has_a_committed_event;
hidden byte I3_an_event_is_in_mongo_or_a_redo_covers_it;
hidden byte I4_one_event_for_an_operation;
hidden byte I4_a_refused_operation_has_no_event;
hidden byte I5_offsets_have_no_hole;
hidden byte I6_announced_is_in_both_stores;
hidden byte I7_faults_stop_and_all_is_finished;
hidden byte I8_a_document_ends_at_its_highest_offset;
hidden byte I8_purged_content_stays_purged;
hidden byte I8_an_old_body_is_the_one_replaced;
hidden byte I9_received_without_hole_or_double;
hidden byte I10_the_actor_was_a_member;
hidden byte I10_a_removed_member_receives_nothing;

#define INVARIANT(name, condition) assert(name || (condition))

/* `spin -DKNOCKOUT=<part>` leaves that part of the protocol out. */
#define NOTHING 0
#ifndef KNOCKOUT
#define KNOCKOUT NOTHING
#endif
#define WITHOUT(part) (KNOCKOUT == part)

/* Faults strike at any moment and any number of times until the world turns calm, which it may do at any moment. */
bool calm;
active proctype Weather() { calm = true }

/* With -DENDLESS: a run that goes on for ever after the faults have stopped. There must be none, so that quiescence,
   where each model asserts I7, is always reached. (pan -a, compiled with -DNOSTUTTER: a run that ends is not endless.) */
#ifdef ENDLESS
never {
    do
    :: true
    :: calm -> break
    od;
accept:
    do
    :: calm
    od
}
#endif
