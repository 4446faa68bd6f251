/*
 * Leases by time: who may write, and whose calls arrive when.
 *
 * Two servers want one owner. Whoever holds it renews its lease, writes and calls. Any of them may stand still at any moment for
 * any time, and goes on with what it believed before; it may also crash while its call is under way. A holder stops issuing calls
 * `margin` before its lease ends, and a successor takes over no sooner than `margin` after that end. So a call has two of them from
 * the look at the clock to its arrival: one for a process that stands still between the look and the sending, one for the way.
 *
 * Timers hold the time that is left and stop at 0, which keeps the number of states finite. README.md has the rest.
 */

#ifndef MARGIN
#define MARGIN 2
#endif
#ifndef LEASE
#define LEASE 6
#endif
#ifndef TAKEOVERS
#define TAKEOVERS 4
#endif
#define nobody 2

/* The store: the lease, and how long a successor has still to wait when it has ended. */
byte holder = nobody;
byte epoch;
byte until;
byte grace;

/* What the servers believe, by clocks that run on while they stand still. */
byte mine[2];                 /* the epoch; 0: none */
byte believed[2];             /* of the lease, what is left of it */
byte asked[2];                /* the same for the renewal that is not answered yet; it counts from before the asking */

/* One call of each server: by when it has arrived or never will. */
byte call_epoch[2];
byte call_left[2];

/* What only the properties need. */
byte newest_writer;
byte newest_caller;

#ifdef NO_GRACE_BEFORE_LEASE_END
#define may_call (believed[me] > 0)
#else
#define may_call (believed[me] > MARGIN)
#endif

#ifdef NO_WAIT_AFTER_LEASE_END
#define has_ended (until == 0)
#else
#define has_ended (until == 0 && grace == 0)
#endif

#ifdef CALLS_OUTLIVE_THE_MARGINS
#define LONGEST_CALL (2 * MARGIN + 2)
#else
#define LONGEST_CALL (2 * MARGIN)
#endif

inline write()
{
    assert(mine[me] >= newest_writer);                          /* I7 */
    newest_writer = mine[me]
}

proctype Server(bit me)
{
    bit is_accepted;

outside:
end_outside:
    atomic {
        (holder == nobody || has_ended) && epoch < TAKEOVERS ->
        epoch++;
        holder = me;
        mine[me] = epoch;
        until = LEASE;
        grace = MARGIN;
        asked[me] = LEASE;
        write()
    };
    /* It hears that it has the lease, now or much later. */
    goto learn;

holding:
end_holding:
    if
    /* Renewal: asked, accepted or not, heard of. */
    :: atomic { asked[me] = LEASE };
       atomic {
           if
           :: mine[me] == epoch ->
               until = LEASE;
               grace = MARGIN;
               write()
           :: else -> goto lost
           fi
       };
       goto learn
    /* A write to the journal. */
#ifdef CHECK_EPOCH_THEN_WRITE
    :: atomic { is_accepted = (mine[me] == epoch) };
       atomic {
           if
           :: is_accepted -> write()
           :: else -> goto lost
           fi
       }
#else
    :: atomic {
           if
#ifdef IGNORE_EPOCH
           :: true -> write()
#else
           :: mine[me] == epoch -> write()
           :: mine[me] != epoch -> goto lost
#endif
           fi
       }
#endif
    /* A changing call. */
    :: atomic {
           may_call && call_left[me] == 0 ->
           call_epoch[me] = mine[me];
           call_left[me] = LONGEST_CALL
       }
    /* It dies; what it sent goes on without it. */
    :: goto lost
    fi;
    goto holding;

learn:
    atomic {
#ifdef LEASE_COUNTED_FROM_THE_ANSWER
        believed[me] = LEASE;
#else
        believed[me] = asked[me];
#endif
        asked[me] = 0;
        goto holding
    }

lost:
    atomic {
        mine[me] = 0;
        believed[me] = 0;
        asked[me] = 0;
        is_accepted = 0;
        goto outside
    }
}

/* Calls arrive at some time before their last, or never. */
proctype Network(bit from)
{
end_network:
    do
    :: atomic {
           call_left[from] > 0 ->
           assert(call_epoch[from] >= newest_caller);           /* I7, at the provider */
           newest_caller = call_epoch[from];
           call_left[from] = 0;
           call_epoch[from] = 0
       }
    od
}

#define count_down(timer) timer = (timer > 0 -> timer - 1 : 0)

proctype Clock()
{
end_clock:
    do
    :: atomic {
           until > 0 || grace > 0 || call_left[0] > 0 || call_left[1] > 0 || believed[0] > 0 || believed[1] > 0 ->
           if
           :: until == 0 -> count_down(grace)
           :: else
           fi;
           count_down(until);
           count_down(believed[0]);
           count_down(believed[1]);
           count_down(asked[0]);
           count_down(asked[1]);
           count_down(call_left[0]);
           count_down(call_left[1])
       }
    od
}

init {
    atomic {
        run Server(0);
        run Server(1);
        run Network(0);
        run Network(1);
        run Clock()
    }
}
