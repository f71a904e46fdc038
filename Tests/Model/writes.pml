/* The write protocol: a commit in Postgres that holds everything needed to finish, then MongoDB, the answer, the
   announcement, and the end of the redo.

   Two chats; two nodes with a batch each; one recovery; one purge. A sender posts A in chat 0 and B in chat 1, edits A,
   and is removed from chat 0; a moderator deletes A; A is purged. -DWANTED picks what of this may happen, as bits
   1 << operation: all of it at once has more states than memory holds.

   What is left out, and why the result still covers it:
   - Leases. Every driver may drive every row at any moment: leases save work, and nothing may depend on them.
   - Crash counts. A node may crash before every step, as often as it likes. A crash also stands for a lost reply,
     a passed deadline and a caller who gave up: in each of them, what the node knew is lost.
   - Slow requests. A post-image that was sent once may land at any later time, any number of times, whoever sent it
     and however dead that one is. A COMMIT that lands late is a node that was slow to send it.
   - Time. A purge may come as soon as a message is deleted. */

#include "invariants.pml"

/* The parts that can be knocked out. */
#define REV_GUARD         1 /* MongoDB replaces a document only by a newer one */
#define DEDUPE            2 /* an operation committed before is not committed again */
#define TOMBSTONE         3 /* a purge erases content and keeps the document */
#define PURGE_WAITS       4 /* a purge waits until no redo covers the message */
#define PUBLISH_THEN_DROP 5 /* the redo is dropped after the announcement */
#define STORE_THEN_DROP   6 /* the redo is dropped after the Mongo ack */
#define STORE_THEN_ACK    7 /* the caller is answered after the Mongo ack */
#define STORE_THEN_PUBLISH 8 /* the batch is announced after the Mongo ack */
#define DUPLICATE_WAITS   9 /* a duplicate is answered once no redo covers the first */
#define DEDUPE_FIRST     10 /* a duplicate is known as such before rights are checked */
#define LOCKED_RIGHTS    11 /* membership is checked under the chat's lock, not before */
#define REV_CHECK        12 /* a commit is refused when the old body it carries was replaced meanwhile */
#define ALLOCATE_INSIDE  13 /* offsets come from the locked chat row, so that a rollback returns them */
#define WHOLE_ROW        14 /* a driver waits for every document of its row, not for the first */
#define CALLER_WAITS     15 /* a duplicate waits for the redo to go, and does not ask again and again */

/* The operations, as a caller wants them: retried under the same id until they are answered. */
#define OPERATIONS 5
#define SEND_A   0
#define SEND_B   1
#define EDIT_A   2
#define DELETE_A 3
#define REMOVE   4
#define PURGE    5
#define NONE     6
#ifndef WANTED
#define WANTED 13 /* A is sent, edited, deleted */
#endif
#define IS_WANTED(o)    ((WANTED >> (o)) & 1)
#define CHAT(o)         ((o) == SEND_B)
#define DOCUMENT(o)     ((o) == SEND_B)
#define HAS_DOCUMENT(o) ((o) != REMOVE)
#define BY_SENDER(o)    ((o) == SEND_A || (o) == SEND_B || (o) == EDIT_A)
#define NEEDS_OLD(o)    ((o) == EDIT_A || (o) == DELETE_A)

/* A crash also stands for everything else that makes a process forget: see above. */
#define MAY_CRASH (!calm)

/* Postgres. A redo row is the set of operations it covers; cover[o] is the row of o, 0 when there is none. */
byte lastOffset[2];
byte offset[OPERATIONS];   /* 0: not committed */
byte cover[OPERATIONS];
byte rev;                  /* message_metadata.rev of A */
byte oldRev;               /* which revision's body the redo of the deletion carries */
bool purging, purged;      /* a purge of A was decided; it is done */
#define IS_COMMITTED(o) (offset[o] != 0)
#define IS_DELETED      IS_COMMITTED(DELETE_A)
#define IS_MEMBER(o)    (!(BY_SENDER(o) && CHAT(o) == CHAT(REMOVE) && IS_COMMITTED(REMOVE)))
#define IS_A_COVERED    (cover[SEND_A] || cover[EDIT_A] || cover[DELETE_A])

/* MongoDB: documents A and B. Of the content only this matters: which revision's it is; 0 is none. */
byte documentRev[2];
byte content[2];
byte sent;                 /* post-images that were ever sent, as a set */
#define IS_STORED(o) (!HAS_DOCUMENT(o) || documentRev[DOCUMENT(o)] >= offset[o] || (DOCUMENT(o) == 0 && purged))

/* What callers and hubs were told. */
#define ACKNOWLEDGED 1
#define REFUSED      2
byte answer[OPERATIONS];
byte announced;            /* a set */

#define SET(o)     (1 << (o))
#define HAS(s, o)  (((s) >> (o)) & 1)
#define ANY        31
#define SOME(P, s) ((HAS(s, 0) && P(0)) || (HAS(s, 1) && P(1)) || (HAS(s, 2) && P(2)) \
                    || (HAS(s, 3) && P(3)) || (HAS(s, 4) && P(4)))
#define ALL(P, s)  ((!HAS(s, 0) || P(0)) && (!HAS(s, 1) || P(1)) && (!HAS(s, 2) || P(2)) \
                    && (!HAS(s, 3) || P(3)) && (!HAS(s, 4) || P(4)))

#define IS_KEPT(o)        (!IS_COMMITTED(o) || cover[o] || IS_STORED(o))
#define IS_ANSWER_TRUE(o) (answer[o] != ACKNOWLEDGED || (IS_COMMITTED(o) && IS_STORED(o)))
#define IS_TOLD_TRUTH(o)  (!HAS(announced, o) || IS_STORED(o))

/* What must hold whenever a store has changed or somebody was told something. */
inline check() {
    INVARIANT(I3_an_event_is_in_mongo_or_a_redo_covers_it, ALL(IS_KEPT, ANY));
    INVARIANT(I1_acknowledged_is_in_both_stores, ALL(IS_ANSWER_TRUE, ANY));
    INVARIANT(I6_announced_is_in_both_stores, ALL(IS_TOLD_TRUTH, ANY));
    INVARIANT(I8_purged_content_stays_purged, !purged || content[0] == 0)
}

inline acknowledge(o) { answer[o] = ACKNOWLEDGED }

inline refuse(o) {
    answer[o] = REFUSED;
    INVARIANT(I4_a_refused_operation_has_no_event, !IS_COMMITTED(o))
}

/* ---- MongoDB ---- */

/* replaceOne({_id, rev < r}, image, upsert): what is not newer changes nothing, and so needs no step here. */
#define LANDS(o) (HAS(sent, o) && (documentRev[DOCUMENT(o)] < offset[o] \
                                   || (WITHOUT(REV_GUARD) && documentRev[DOCUMENT(o)] != offset[o])))

inline land(o) {
    INVARIANT(I2_a_document_has_a_committed_event, IS_COMMITTED(o));
    documentRev[DOCUMENT(o)] = offset[o];
    content[DOCUMENT(o)] = (o == DELETE_A -> oldRev : offset[o]);
    INVARIANT(I8_an_old_body_is_the_one_replaced,
        o != DELETE_A || oldRev == (IS_COMMITTED(EDIT_A) -> offset[EDIT_A] : offset[SEND_A]));
    check()
}

active proctype Mongo() {
end:
    do
    :: d_step { LANDS(SEND_A) -> land(SEND_A) }
    :: d_step { LANDS(SEND_B) -> land(SEND_B) }
    :: d_step { LANDS(EDIT_A) -> land(EDIT_A) }
    :: d_step { LANDS(DELETE_A) -> land(DELETE_A) }
    od
}

/* ---- The purge ---- */

#define MAY_PURGE (IS_WANTED(PURGE) && IS_DELETED && !purging && (!IS_A_COVERED || WITHOUT(PURGE_WAITS)))

/* Decided in Postgres under the chat's lock, carried out in MongoDB later, and only on the deleted document:
   updateOne({_id, rev, deleted}, content null). The document stays as a tombstone. */
active proctype Purge() {
end:
    do
    :: d_step { MAY_PURGE -> purging = true }
    :: d_step {
        purging && !purged ->
        purged = true;
        if
        :: documentRev[0] == offset[DELETE_A] -> content[0] = 0
        :: else
        fi;
        if
        :: WITHOUT(TOMBSTONE) -> documentRev[0] = 0
        :: else
        fi;
        check()
    }
    od
}

/* ---- Finishing a row ---- */

inline acknowledge_all(row) {
    if :: HAS(row, SEND_A) -> acknowledge(SEND_A) :: else fi;
    if :: HAS(row, SEND_B) -> acknowledge(SEND_B) :: else fi;
    if :: HAS(row, EDIT_A) -> acknowledge(EDIT_A) :: else fi;
    if :: HAS(row, DELETE_A) -> acknowledge(DELETE_A) :: else fi;
    if :: HAS(row, REMOVE) -> acknowledge(REMOVE) :: else fi;
    check()
}

inline publish(row) {
    announced = announced | row;
    check()
}

inline drop(row) {
    if :: HAS(row, SEND_A) -> cover[SEND_A] = 0 :: else fi;
    if :: HAS(row, SEND_B) -> cover[SEND_B] = 0 :: else fi;
    if :: HAS(row, EDIT_A) -> cover[EDIT_A] = 0 :: else fi;
    if :: HAS(row, DELETE_A) -> cover[DELETE_A] = 0 :: else fi;
    if :: HAS(row, REMOVE) -> cover[REMOVE] = 0 :: else fi;
    check()
}

/* From a committed row to its end, by the node that committed it or by the recovery. The driver has the row in memory:
   whether it is still in Postgres, or driven by somebody else too, makes no difference to it. */
inline drive(row, has_callers) {
    d_step {
        sent = sent | row;
        if :: WITHOUT(STORE_THEN_ACK) && has_callers -> acknowledge_all(row) :: else fi;
        if :: WITHOUT(STORE_THEN_PUBLISH) -> publish(row) :: else fi;
        if :: WITHOUT(STORE_THEN_DROP) -> drop(row) :: else fi
    }
    if
    :: d_step {
        ALL(IS_STORED, row) || (WITHOUT(WHOLE_ROW) && SOME(IS_STORED, row)) ->
        if :: has_callers -> acknowledge_all(row) :: else fi;
        if :: WITHOUT(PUBLISH_THEN_DROP) -> drop(row) :: else fi
    }
    :: atomic { MAY_CRASH -> goto crashed }
    fi;
    if
    :: d_step { true -> publish(row) }
    :: atomic { MAY_CRASH -> goto crashed }
    fi;
    if
    :: d_step { true -> drop(row) }
    :: atomic { MAY_CRASH -> goto crashed }
    fi
}

/* ---- A node ---- */

/* A caller's operation waits at the node while it has no answer. Who changes A has seen A; a duplicate waits while a
   redo covers the first. */
#define WAITS(o) (IS_WANTED(o) && !answer[o] && (!cover[o] || WITHOUT(CALLER_WAITS)) \
                  && (!NEEDS_OLD(o) || IS_COMMITTED(SEND_A)))

inline take(o, least) {
    if
    :: WAITS(SEND_A) && SEND_A >= least -> o = SEND_A
    :: WAITS(SEND_B) && SEND_B >= least -> o = SEND_B
    :: WAITS(EDIT_A) && EDIT_A >= least -> o = EDIT_A
    :: WAITS(DELETE_A) && DELETE_A >= least -> o = DELETE_A
    :: WAITS(REMOVE) && REMOVE >= least -> o = REMOVE
    fi
}

/* One operation of the batch inside the transaction; the chat's lock makes all of it one step. */
inline decide(o) {
    if
    :: o == NONE
    :: o != NONE && IS_COMMITTED(o) && !WITHOUT(DEDUPE) && !(WITHOUT(DEDUPE_FIRST) && !IS_MEMBER(o)) ->
        if
        :: !cover[o] || WITHOUT(DUPLICATE_WAITS) -> acknowledge(o)
        :: else /* in_flight: the caller comes again */
        fi
    :: else ->
        if
        :: !IS_MEMBER(o) && !WITHOUT(LOCKED_RIGHTS) -> refuse(o)
        :: !wasMember && WITHOUT(LOCKED_RIGHTS) -> refuse(o)
        :: o == EDIT_A && IS_DELETED -> refuse(o)
        :: NEEDS_OLD(o) && seen != rev && !WITHOUT(REV_CHECK) /* moved: read again */
        :: else -> insert(o)
        fi
    fi
}

inline insert(o) {
    INVARIANT(I4_one_event_for_an_operation, !IS_COMMITTED(o));
    INVARIANT(I4_a_refused_operation_has_no_event, answer[o] != REFUSED);
    INVARIANT(I10_the_actor_was_a_member, IS_MEMBER(o));
    lastOffset[CHAT(o)]++;
    offset[o] = lastOffset[CHAT(o)];
    if
    :: o == DELETE_A -> oldRev = seen
    :: else
    fi;
    if
    :: o == SEND_A || NEEDS_OLD(o) -> rev = offset[o]
    :: else
    fi;
    row = row | SET(o)
}

inline cover_all(row) {
    if :: HAS(row, SEND_A) -> cover[SEND_A] = row :: else fi;
    if :: HAS(row, SEND_B) -> cover[SEND_B] = row :: else fi;
    if :: HAS(row, EDIT_A) -> cover[EDIT_A] = row :: else fi;
    if :: HAS(row, DELETE_A) -> cover[DELETE_A] = row :: else fi;
    if :: HAS(row, REMOVE) -> cover[REMOVE] = row :: else fi
}

#define COUNT_IN_CHAT_0 (IS_COMMITTED(SEND_A) + IS_COMMITTED(EDIT_A) + IS_COMMITTED(DELETE_A) + IS_COMMITTED(REMOVE))

proctype Node() {
    byte first, second; /* the batch */
    byte seen;          /* the revision of the old body that was read */
    byte row;           /* what of it committed */
    bool wasMember;     /* only used without LOCKED_RIGHTS */
end:
    do
    :: atomic {
            take(first, 0);
            if
            :: take(second, first + 1)
            :: second = NONE
            fi;
            if
            :: NEEDS_OLD(first) || NEEDS_OLD(second) -> seen = rev
            :: else
            fi;
            wasMember = (!WITHOUT(LOCKED_RIGHTS) || !IS_COMMITTED(REMOVE))
        }
        if
        :: d_step {
            true ->
            decide(first);
            if
            :: first != second -> decide(second)
            :: else
            fi;
            cover_all(row);
            INVARIANT(I5_offsets_have_no_hole, lastOffset[0] == COUNT_IN_CHAT_0 && lastOffset[1] == IS_COMMITTED(SEND_B));
            first = NONE;
            second = NONE;
            seen = 0;
            check()
        }
        :: atomic { MAY_CRASH -> goto crashed }
        :: atomic {
            /* The transaction raised after it had drawn an offset from a source that a rollback does not rewind. */
            WITHOUT(ALLOCATE_INSIDE) && !calm -> lastOffset[CHAT(first)]++; goto crashed
        }
        fi;
        if
        :: row -> drive(row, true)
        :: else
        fi;
crashed:
        atomic { first = NONE; second = NONE; seen = 0; row = 0; wasMember = false }
    od
}

/* Every worker looks for rows to finish, each second. */
proctype Recovery() {
    byte row;
end:
    do
    :: if
        :: cover[SEND_A] -> row = cover[SEND_A]
        :: cover[SEND_B] -> row = cover[SEND_B]
        :: cover[EDIT_A] -> row = cover[EDIT_A]
        :: cover[DELETE_A] -> row = cover[DELETE_A]
        :: cover[REMOVE] -> row = cover[REMOVE]
        fi;
        drive(row, false);
crashed:
        atomic { row = 0 }
    od
}

#define IS_FINISHED(o) (!IS_WANTED(o) || (answer[o] && !cover[o] && (!IS_COMMITTED(o) || HAS(announced, o))) \
                        || (NEEDS_OLD(o) && !IS_COMMITTED(SEND_A)))

/* Faults have stopped and nothing is left to do. */
active proctype Quiescence() {
    timeout ->
    d_step {
        INVARIANT(I7_faults_stop_and_all_is_finished, calm && ALL(IS_FINISHED, ANY) && (purged || !IS_WANTED(PURGE) || !IS_DELETED));
        check()
    }
}

init { atomic { run Node(); run Node(); run Recovery() } }
