/*
 * What the servers of run.pml share: the store, the provider, and what must be true of both whatever the servers do.
 */

#ifndef STEPS
#define STEPS 3
#endif
#ifndef CRASHES
#define CRASHES 2
#endif
#ifndef SLEEPS
#define SLEEPS 1
#endif
#ifndef FIRST
#define FIRST apply
#endif
#ifndef SECOND
#define SECOND apply
#endif

#define nobody 2

/* What the two generations are, and how a run ends. */
mtype:kind = { apply, destroy };
mtype:status = { unsubmitted, queued, running, compensating, succeeded, superseded, rolled_back };

mtype:kind kind[2];
mtype:status status[2];
byte current;                 /* the run that was begun last */
#define is_over(run) (status[run] == succeeded || status[run] == superseded || status[run] == rolled_back)

/* The store. An incarnation that is closed never comes back, so one row and one object per path are enough: each creation after
   a tombstone has a name and a nonce of its own. */
mtype:phase = { none, intended, live, removing, gone };
/* `asked`: an INTENT to make it without an outcome; `clearing`, `undoing`: an INTENT to remove or restore it without one. */
mtype:step = { open, asked, acknowledged, done, clearing, undoing, undone };

byte holder = nobody;
byte epoch;
mtype:phase phase[STEPS];
mtype:step step[STEPS];       /* the journal of the current run, folded as read_history() folds it */
byte spec[STEPS];             /* of the last INTENT */
byte good[STEPS];             /* of the last run that succeeded; 0: there was none */
byte intent_epoch[STEPS];     /* of the last INTENT or COMPENSATE_INTENT */
bit answered[STEPS];          /* whether an apply was ever acknowledged for this incarnation */
bit made_here[STEPS];         /* the current run made this incarnation */

/* The provider: what is really there, and what is still under way to it. */
#define absent 0
#define foreign 3             /* a stranger's; 1 and 2 are ours, with that spec */
#define is_ours(what) ((what) == 1 || (what) == 2)

byte object[STEPS];
byte late_creation[STEPS];    /* bit 1 or 2 for the spec: takes effect if it is absent then */
byte late_update[STEPS];      /* takes effect unless the object was changed in between */
bit late_removal[STEPS];      /* of the very object that it named */
bit unsettled[STEPS];         /* the horizon after the last apply has not passed: reads may tell the past */

/* Budgets. What is not bounded here can happen without end. */
byte crashes = CRASHES;
byte sleeps = SLEEPS;         /* leases lost by a holder that lives */
/* A crash of a server that has lost its lease without knowing is no other than its giving up. */
#define may_crash (crashes > 0 && holder == me)
#ifdef FAULTS
byte faults = FAULTS;
#define may_fail (faults > 0)
#define fails faults--
#else
#define may_fail true
#define fails skip
#endif
#ifdef STRANGER
bit stranger_may_come = 1;
#endif

/* What only the properties need. */
byte newest_writer;           /* I7: the newest epoch that wrote */
byte newest_caller;           /* I7: the newest epoch whose changing call arrived */

/* Specs: the first path is the same in both generations, which makes it one that is kept. Or each generation changes another. */
#ifdef CROSSWISE
#define wanted(path) ((path) == 0 -> current + 1 : 2)
#else
#define wanted(path) ((path) == 0 -> 1 : current + 1)
#endif
#define is_covered(path) (phase[path] == intended || phase[path] == live || phase[path] == removing)
/* Destroy beats apply, and a newer apply beats an apply, but nothing beats a destroy that was begun. */
#ifdef APPLY_BEATS_DESTROY
#define beats true
#else
#define beats (kind[1] == destroy || kind[0] == apply)
#endif
#define is_superseded (current == 0 && !is_over(0) && status[1] == queued && beats)
#define has_work (status[0] != unsubmitted && (!is_over(0) || (status[1] != unsubmitted && !is_over(1))))

/* Every write is conditional on the epoch. */
#ifdef IGNORE_EPOCH
#define is_refused false
#else
#define is_refused (mine != epoch)
#endif

inline write()
{
    assert(mine >= newest_writer);                              /* I7 */
    newest_writer = mine
}

/* A holder whose lease is over makes no call. */
#ifdef CALL_WITHOUT_LEASE
#define may_call true
#else
#define may_call (holder == me)
#endif

inline arrive()
{
    assert(mine >= newest_caller);                              /* I7, at the provider */
    newest_caller = mine;
    assert(intent_epoch[path] == mine)                          /* I1 */
}

/* An object of ours appears or changes: the ledger has it, open. */
inline bring_about(which, what)
{
    assert(is_covered(which));                                  /* I6: nothing leaks */
    assert(object[which] != foreign);                           /* I8 */
#if defined(UPDATES_WITHOUT_REVISION)
    skip;
#elif defined(NO_CHANGE_NO_REVISION)
    if
    :: object[which] != what -> late_update[which] = 0
    :: else
    fi;
#else
    late_update[which] = 0;
#endif
    object[which] = what
}

inline take_away(which)
{
    assert(object[which] != foreign);                           /* I8 */
    object[which] = absent;
    late_update[which] = 0;
    late_removal[which] = 0
}

inline intend(next)
{
#ifndef SKIP_INTENT
    step[path] = next;
    intent_epoch[path] = mine
#else
    step[path] = next
#endif
}

/* TOMBSTONE: only of what is really absent, with nothing under way that could bring it back. */
inline close_row()
{
    assert(!is_ours(object[path]) && !late_creation[path]);     /* I4, I6 */
    phase[path] = gone;
    spec[path] = 0;
    good[path] = 0;
    answered[path] = 0;
    intent_epoch[path] = 0;
    late_removal[path] = 0;
    if
    :: status[current] == compensating -> step[path] = undone
    :: status[current] == running && kind[current] == destroy -> step[path] = done
    :: else -> step[path] = open
    fi
}

#ifdef BELIEVE_ABSENCE_AT_ONCE
#define believes_absence true
#else
#define believes_absence (!unsettled[path])
#endif

/* An incarnation of this run had one spec only. An older one may be on its way to another: a look at it counts after the horizon. */
#ifdef ADOPT_WHAT_MAY_CHANGE
#define counts true
#else
#define counts (made_here[path] || !unsettled[path])
#endif

#ifdef ADOPT_BY_NAME
#define seems_ours(what) ((what) != absent)
#else
#define seems_ours(what) is_ours(what)
#endif

/* A read is true, or it tells of the time before the object was made. */
inline look()
{
    if
    :: found = object[path]
    :: unsettled[path] && is_ours(object[path]) -> found = absent
    fi
}

/* What has to be taken back: all that has an INTENT and no proven absence, acknowledged or not (I5). */
#ifdef UNDO_ACKNOWLEDGED_ONLY
#define is_known_to_us(which) (answered[which] || phase[which] == removing)
#else
#define is_known_to_us(which) true
#endif
#define is_to_be_removed(which) (is_covered(which) && is_known_to_us(which) && (phase[which] == removing || good[which] == 0))
/* Also what an earlier run had changed, or was changing, when it was superseded. */
#ifdef RESTORE_OWN_STEPS_ONLY
#define is_changed(which) (step[which] != open)
#else
#define is_changed(which) (step[which] != open || phase[which] == intended || spec[which] != good[which])
#endif
#define is_to_be_restored(which) (is_covered(which) && phase[which] != removing && good[which] != 0 && is_changed(which))
#define is_to_be_undone(which) (step[which] != undone && (is_to_be_removed(which) || is_to_be_restored(which)))

inline begin_run(which)
{
    current = which;
    status[which] = running;
    for (path : 0 .. STEPS - 1) {
        assert(which == 0 || kind[0] == apply || !is_covered(path));                                 /* supersede: destroy ends first */
        step[path] = open;
        made_here[path] = 0
    };
    path = 0
}

inline finish(how)
{
    status[current] = how;
    for (path : 0 .. STEPS - 1) {
        assert(how != succeeded || kind[current] == destroy || object[path] == wanted(path));        /* succeeded: as wanted */
        assert(how != succeeded || kind[current] == apply || !is_covered(path));                     /* I6: destroy leaves nothing */
        assert(how != succeeded || kind[current] == apply || !is_ours(object[path]));                /* I6: destroy leaves nothing */
        assert(how != rolled_back || good[path] != 0 || !is_covered(path));                          /* I5: all of it is taken back */
        assert(how != rolled_back || good[path] == 0 || object[path] == good[path]);                 /* I5: the last good spec is back */
        if
        :: how == succeeded && kind[current] == apply -> good[path] = spec[path]
        :: else
        fi;
        step[path] = open;
        made_here[path] = 0
    }
    path = 0
}

/* What is under way to one path's object, and the passing of its horizon. */
proctype Provider(byte at)
{
    byte what;
end_provider:
    do
    :: atomic {
           late_creation[at] ->
           if
           :: late_creation[at] & 1 -> late_creation[at] = late_creation[at] & 2; what = 1
           :: late_creation[at] & 2 -> late_creation[at] = late_creation[at] & 1; what = 2
           fi;
           if
           :: object[at] == absent -> bring_about(at, what)
           :: else
           fi;
           what = 0
       }
    :: atomic {
           late_update[at] ->
           if
           :: late_update[at] & 1 -> late_update[at] = late_update[at] & 2; what = 1
           :: late_update[at] & 2 -> late_update[at] = late_update[at] & 1; what = 2
           fi;
           bring_about(at, what);
           what = 0
       }
    :: atomic { late_removal[at] -> take_away(at) }
    :: atomic { unsettled[at] && !late_creation[at] && !late_update[at] -> unsettled[at] = 0 }
#ifdef STRANGER
    /* Somebody else makes an object that has our name. */
    :: atomic { stranger_may_come && object[at] == absent && phase[at] == intended -> stranger_may_come = 0; object[at] = foreign }
#endif
    od
}
