/* Delivery: from a commit to what one client receives, in two chats.

   The write protocol is here only what writes.pml proves of it: an event is committed under a redo, its body lands, it
   is announced, the redo goes. The client is a member of both chats and may be removed from chat 0 at any offset. It
   has one socket at a time and resumes where it was.

   Faults, as often as they like: an announcement is lost, doubled, late or out of order; the socket closes; the node
   forgets a chat, or all it knew. What a closed socket still held is lost: to the client this is as if it had closed
   earlier, and so frames arrive here at once. */

#include "invariants.pml"

/* The parts that can be knocked out. */
#define IN_ORDER          1 /* the hub passes on an event only after the one before it */
#define ONCE              2 /* the hub drops what it has passed on */
#define FILL_UNCOVERED    3 /* the stores fill a hole only with what no redo covers */
#define FILL              4 /* holes and lost tails are filled from the stores */
#define END_IN_HUB        5 /* the hub ends a membership with the event that removes the member */
#define END_IN_CATCH_UP   6 /* so does the catch-up */
#define MEMBERS_ONLY      7 /* who connects hears only the chats it is a member of */
#define CATCH_UP          8 /* a session joins only after it was sent what it missed */
#define BEYOND_CATCH_UP   9 /* a session that joined receives only what its catch-up did not reach */

#ifndef EVENTS_0
#define EVENTS_0 3
#endif
#ifndef EVENTS_1
#define EVENTS_1 1
#endif
#define EVENTS(c) (c == 0 -> EVENTS_0 : EVENTS_1)

#define SET(o)    (1 << (o))
#define HAS(s, o) (((s) >> (o)) & 1)

/* The stores; sets are of offsets. */
byte head[2];
byte covered[2];  /* a redo row covers it */
byte stored[2];   /* its body is in MongoDB */
byte tried[2];    /* an attempt to announce it was made */
byte air[2];      /* an announcement of it is on its way */
byte removedAt;   /* the offset in chat 0 at which the client was removed; 0: it is a member */
#define IS_MEMBER(c)    (c == 1 || removedAt == 0)
#define IS_OPEN(c, o)   (o <= head[c] && (!HAS(covered[c], o)))
/* The last offset before the first that a redo covers. */
#define OPEN_HEAD(c) (!IS_OPEN(c, 1) -> 0 : (!IS_OPEN(c, 2) -> 1 : (!IS_OPEN(c, 3) -> 2 : 3)))

/* The hub: the offset up to which it passed events on. */
#define UNHEARD 7 /* nobody here is in the chat: what comes is dropped */
#define UNKNOWN 6 /* it hears the chat and does not know the head yet */
byte passed[2] = UNHEARD;
byte pending[2];  /* events beyond a hole */
byte fetched[2];  /* an event that was read from the stores and has not been taken yet; 0: none */
#define IS_KNOWN(c) (passed[c] < UNKNOWN)

/* The session. */
mtype = { away, subscribed, informed, joining, member, ended };
mtype session[2] = away;
byte told[2];     /* the open head that was read when it connected */
bool isIn[2];     /* the membership that was read with it */
byte from[2];     /* it receives what is beyond */

/* The client. */
byte received[2];

inline receive(c, o) {
    INVARIANT(I6_announced_is_in_both_stores, HAS(stored[c], o));
    INVARIANT(I10_a_removed_member_receives_nothing, IS_MEMBER(c) || o <= removedAt);
    INVARIANT(I9_received_without_hole_or_double, o == received[c] + 1);
    received[c] = o
}

/* ---- The writes ---- */

#define MAY_ANNOUNCE(c, o) (HAS(covered[c], o) && HAS(stored[c], o) && (!HAS(tried[c], o) || (!calm && !HAS(air[c], o))))

inline write(c, o) {
    if
    :: HAS(covered[c], o) && !HAS(stored[c], o) -> stored[c] = stored[c] | SET(o)
    :: MAY_ANNOUNCE(c, o) -> tried[c] = tried[c] | SET(o); air[c] = air[c] | SET(o)
    :: HAS(covered[c], o) && HAS(tried[c], o) -> covered[c] = covered[c] & ~SET(o)
    :: HAS(air[c], o) && !calm -> air[c] = air[c] & ~SET(o) /* lost */
    fi
}

proctype Writes(byte c) {
end:
    do
    :: atomic {
        head[c] < EVENTS(c) ->
        head[c]++;
        covered[c] = covered[c] | SET(head[c]);
        if
        :: c == 0 && removedAt == 0 -> removedAt = head[c]
        :: true
        fi
    }
    :: atomic { write(c, 1) }
    :: atomic { write(c, 2) }
    :: atomic { write(c, 3) }
    od
}

/* ---- The hub ---- */

inline pass(c, o) {
    passed[c] = o;
    pending[c] = pending[c] & ~SET(o);
    if
    :: session[c] == member && (o > from[c] || WITHOUT(BEYOND_CATCH_UP)) ->
        receive(c, o);
        if
        :: c == 0 && o == removedAt && !WITHOUT(END_IN_HUB) -> session[c] = ended
        :: else
        fi
    :: else
    fi
}

hidden byte next; /* inline is textual: passing `passed[c] + 1` itself would move with what it names */

inline pass_due(c) {
    do
    :: HAS(pending[c], passed[c] + 1) -> next = passed[c] + 1; pass(c, next)
    :: else -> break
    od
}

inline take(c, o) {
    if
    :: passed[c] == UNHEARD
    :: IS_KNOWN(c) && o <= passed[c] && !WITHOUT(ONCE)
    :: IS_KNOWN(c) && (o == passed[c] + 1 || (o > passed[c] && WITHOUT(IN_ORDER))) ->
        pass(c, o);
        pass_due(c)
    :: IS_KNOWN(c) && o <= passed[c] && WITHOUT(ONCE) -> pass(c, o)
    :: else -> pending[c] = pending[c] | SET(o)
    fi
}

#define MAY_FETCH(c, o) (!WITHOUT(FILL) && IS_KNOWN(c) && o <= head[c] && fetched[c] == 0 \
                         && (IS_OPEN(c, o) || WITHOUT(FILL_UNCOVERED)))

inline hear(c, o) {
    HAS(air[c], o) ->
    if
    :: air[c] = air[c] & ~SET(o)
    :: !calm /* and will come again */
    fi;
    take(c, o)
}

proctype Hub(byte c) {
end:
    do
    :: atomic { hear(c, 1) }
    :: atomic { hear(c, 2) }
    :: atomic { hear(c, 3) }
    :: d_step { MAY_FETCH(c, passed[c] + 1) -> fetched[c] = passed[c] + 1 }
    :: d_step { fetched[c] -> take(c, fetched[c]); fetched[c] = 0 }
    od
}

/* ---- The session ---- */

/* The hub hears the chats before their heads are read, so that nothing falls between. */
inline subscribe(c) {
    session[c] = subscribed;
    if
    :: passed[c] == UNHEARD -> passed[c] = UNKNOWN
    :: else
    fi
}

/* One statement gives membership and head. */
inline read_heads(c) {
    session[c] = informed;
    isIn[c] = IS_MEMBER(c) || WITHOUT(MEMBERS_ONLY);
    told[c] = OPEN_HEAD(c)
}

/* The hub learns the head if it did not know it; the session begins at the client's cursor. */
inline begin(c) {
    session[c] = (isIn[c] -> joining : ended);
    if
    :: isIn[c] && passed[c] == UNKNOWN ->
        passed[c] = told[c];
        pending[c] = pending[c] & ~((SET(told[c]) << 1) - 1);
        pass_due(c)
    :: else
    fi;
    told[c] = 0;
    isIn[c] = false
}

/* What was missed comes from the stores, or, as far as the hub has passed it on, from its memory. */
#define IS_READABLE(c, o) (IS_OPEN(c, o) || (IS_KNOWN(c) && o <= passed[c]))

inline catch_up(c) {
    receive(c, received[c] + 1);
    if
    :: c == 0 && received[c] == removedAt && !WITHOUT(END_IN_CATCH_UP) -> session[c] = ended
    :: else
    fi
}

#define MAY_JOIN(c) (IS_KNOWN(c) && (received[c] >= passed[c] || WITHOUT(CATCH_UP)))

inline forget(c) {
    passed[c] = UNHEARD;
    pending[c] = 0;
    fetched[c] = 0
}

inline close(c) {
    session[c] = away;
    told[c] = 0;
    isIn[c] = false;
    from[c] = 0
}

proctype Session(byte c) {
end:
    do
    :: d_step { session[c] == joining && IS_READABLE(c, received[c] + 1) -> catch_up(c) }
    :: d_step { session[c] == joining && MAY_JOIN(c) -> session[c] = member; from[c] = received[c] }
    od
}

/* The socket, which all chats share. Nobody else here may be in a chat, and then it is forgotten. */
active proctype Socket() {
end:
    do
    :: d_step { session[0] == away -> subscribe(0); subscribe(1) }
    :: d_step { session[0] == subscribed -> read_heads(0); read_heads(1) }
    :: d_step { session[0] == informed -> begin(0); begin(1) }
    :: atomic {
        !calm && session[0] != away ->
        close(0);
        close(1);
        if
        :: forget(0)
        :: true
        fi;
        if
        :: forget(1)
        :: true
        fi
    }
    od
}

#define IS_UP_TO_DATE(c) (!IS_MEMBER(c) || received[c] == head[c])

/* Faults have stopped and nothing is left to do. */
active proctype Quiescence() {
    timeout ->
    d_step {
        INVARIANT(I7_faults_stop_and_all_is_finished, calm && !covered[0] && !covered[1] && IS_UP_TO_DATE(0) && IS_UP_TO_DATE(1))
    }
}

init { atomic { run Writes(0); run Writes(1); run Hub(0); run Hub(1); run Session(0); run Session(1) } }
