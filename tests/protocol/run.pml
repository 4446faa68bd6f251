/*
 * One owner's runs: journal, recovery, supersede, compensation, destroy.
 *
 * Two servers share the owner through a store whose writes are conditional on the epoch. Either may crash or fall asleep between
 * any two steps, also while it recovers. The provider loses requests and answers, does things late or twice, and tells the past.
 * README.md says which code each part stands for, and what is left out. What is in capitals after #ifdef is a planted defect.
 *
 * Time is not counted here. "The horizon has passed" is a flag of the world that rises when nothing is under way any more; that a
 * holder's calls end before its successor's begin is what lease.pml shows, and is taken as given in `may_call`.
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

/* Specs: the first path is the same in both generations, which makes it one that is kept. */
#define wanted(path) ((path) == 0 -> 1 : current + 1)
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

/* An object of ours appears or changes: the ledger has it, open (I4, I6: nothing leaks). */
inline bring_about(which, what)
{
    assert(is_covered(which));
    assert(object[which] != foreign);                           /* I8 */
    object[which] = what;
#ifndef UPDATES_WITHOUT_REVISION
    late_update[which] = 0
#endif
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
#define is_to_be_restored(which) (is_covered(which) && phase[which] != removing && good[which] != 0 && step[which] != open)
#define is_to_be_undone(which) (step[which] != undone && (is_to_be_removed(which) || is_to_be_restored(which)))

inline begin_run(which)
{
    current = which;
    status[which] = running;
    for (path : 0 .. STEPS - 1) {
        /* What an earlier destroy was to remove is gone before it is made anew. */
        assert(which == 0 || kind[0] == apply || !is_covered(path));
        step[path] = open
    };
    path = 0
}

inline finish(how)
{
    status[current] = how;
    for (path : 0 .. STEPS - 1) {
        /* What a run says it has reached is true. */
        assert(how != succeeded || kind[current] == destroy || object[path] == wanted(path));
        assert(how != succeeded || kind[current] == apply || (!is_covered(path) && !is_ours(object[path])));
        /* A first create that was taken back leaves nothing. */
        assert(how != rolled_back || good[path] != 0 || !is_covered(path));
        assert(how != rolled_back || good[path] == 0 || object[path] == good[path]);
        if
        :: how == succeeded && kind[current] == apply -> good[path] = spec[path]
        :: else
        fi;
        step[path] = open
    }
    path = 0
}

/* One server: Engine and its RunMachine. What it knows but the store does not is in its local variables. */
proctype Server(bit me)
{
    byte mine;                /* the epoch that it works under */
    byte path;                /* the step that it is at */
    byte found;               /* what a look showed */
    bit has_resumed;          /* what was in flight when it took over has yet to be looked at */

outside:
    atomic { mine = 0; path = 0; found = 0; has_resumed = 0 };

end_outside:
    atomic {
        has_work && (holder == nobody || (holder != me && sleeps > 0));
        if
        :: holder == nobody
        :: else -> sleeps--;  /* The holder sleeps beyond its lease; it does not know. */
        fi;
        holder = me;
        epoch++;
        mine = epoch;
        has_resumed = 1;
        write();
        /* In the same commit: a run that was begun and is superseded goes no further. */
        if
        :: is_superseded && (status[0] == running || status[0] == compensating) -> finish(superseded)
        :: else
        fi;
    }

decide:
    atomic {
        if
        :: may_crash -> crashes--; goto crash
        :: is_refused -> goto outside
        :: !is_refused ->
            write();
            if
            /* It may hear of a newer generation now, or only at its next step. */
            :: is_superseded && (status[0] == running || status[0] == compensating) ->
                finish(superseded);
                goto decide
            :: status[0] == queued && current == 0 -> begin_run(0)
#ifdef FORGET_WHAT_WAITS
            :: is_over(0) && status[0] != superseded && status[1] == queued -> begin_run(1)
            :: status[0] == superseded && status[1] == queued -> goto rest
#else
            :: is_over(0) && status[1] == queued -> begin_run(1)
#endif
            :: status[current] == running && kind[current] == apply -> goto go_forward
            :: status[current] == running && kind[current] == destroy -> goto go_away
            :: status[current] == compensating -> goto go_back
            :: !has_work -> goto rest
            fi
        fi;
        has_resumed = 0;
        goto decide;

    /* Forwards: the first step that is not done. All of this is one commit with what `decide` checked. */
go_forward:
        path = 0;
        do
        :: path < STEPS && step[path] == done -> path++
        :: path < STEPS && step[path] == open && phase[path] == live && spec[path] == wanted(path) ->
            step[path] = done;
            path++
        :: else -> break
        od;
        if
        :: path == STEPS ->
            finish(succeeded);
            has_resumed = 0;
            goto decide
        :: else
        fi;
        if
        :: step[path] == acknowledged -> goto await
        :: step[path] == asked && has_resumed -> goto probe
        :: step[path] == clearing && has_resumed -> goto look_whether_gone
        :: else -> has_resumed = 0
        fi;
        if
        :: phase[path] == removing ->
            intend(clearing);
            goto remove
        :: else
        fi;
        if
        :: phase[path] == none || phase[path] == gone ->
            /* A new incarnation: nobody has its name, unless a stranger does. */
            object[path] = absent;
            late_update[path] = 0;
            unsettled[path] = 0;
            answered[path] = 0;
        :: else
        fi;
        phase[path] = intended;
        spec[path] = wanted(path);
        intend(asked);
        goto make;

    /* A destroy: the last path that is still there, because what depends on others goes first. */
go_away:
        path = STEPS;
        do
        :: path > 0 && !is_covered(path - 1) -> path--
        :: else -> break
        od;
        if
        :: path == 0 ->
            finish(succeeded);
            has_resumed = 0;
            goto decide
        :: else -> path--
        fi;
        if
        :: step[path] == clearing && has_resumed -> goto look_whether_gone
        :: else -> has_resumed = 0
        fi;
        phase[path] = removing;
        intend(clearing);
        goto remove;

    /* Compensation: in reverse order, journaled too. */
go_back:
        has_resumed = 0;
        path = STEPS;
        do
        :: path > 0 && !is_to_be_undone(path - 1) -> path--
        :: else -> break
        od;
        if
        :: path == 0 ->
            finish(rolled_back);
            goto decide
        :: else -> path--
        fi;
        if
        :: is_to_be_removed(path) ->
            phase[path] = removing;
            intend(undoing);
            goto remove
        :: else ->
            phase[path] = intended;
            spec[path] = good[path];
            intend(undoing);
            goto restore
        fi
    }

rest:
end_rest:
    atomic {
        if
        :: has_work -> goto decide
        :: may_crash -> crashes--; goto crash
        :: is_refused -> goto outside
        fi
    }

make:
    atomic {
        if
        :: may_crash -> crashes--; goto crash
        :: !may_call -> goto outside
        :: may_call -> arrive(); unsettled[path] = 1
        fi;
        if
        :: object[path] == foreign -> goto fail_step
        :: object[path] != foreign ->
            bring_about(path, spec[path]);
            if
            :: goto acknowledge
            /* Its answer is lost. */
            :: may_fail -> fails; goto no_answer
            /* Answered, and on its way a second time. */
            :: may_fail && object[path] != foreign -> fails; late_creation[path] = late_creation[path] | spec[path]; goto acknowledge
            fi
        :: object[path] != foreign && may_fail ->
            /* It is lost, or it takes effect later. */
            fails;
            if
            :: skip
            :: object[path] == absent -> late_creation[path] = late_creation[path] | spec[path]
            :: is_ours(object[path]) && object[path] != spec[path] -> late_update[path] = late_update[path] | spec[path]
            fi;
            goto no_answer
#ifndef NO_REFUSALS
        /* An error for good. */
        :: object[path] != foreign -> goto fail_step
#endif
        fi
    }

no_answer:
    /* Unavailable: again, after a while. Anything else: nobody knows, so look. */
    atomic {
        if
        :: may_crash -> crashes--; goto crash
        :: goto decide
        :: goto probe
#ifndef NO_REFUSALS
        /* Attempts are spent. */
        :: goto fail_step
#endif
        fi
    }

probe:
    atomic {
        found = absent;
        look();
        if
        :: may_crash -> crashes--; found = 0; goto crash
        :: found == foreign && !seems_ours(found) -> found = 0; goto fail_step
        :: seems_ours(found) && (found == spec[path] || found == foreign) -> found = 0; goto acknowledge
        :: seems_ours(found) && found != foreign && found != spec[path] -> found = 0; has_resumed = 0; goto decide
        :: found == absent && believes_absence -> has_resumed = 0; goto decide
        :: found == absent && !believes_absence
        fi
    }
    /* It waits for the horizon, and looks again. */
    atomic {
        if
        :: !unsettled[path] -> goto probe
        :: is_refused -> goto outside
        :: may_crash -> crashes--; goto crash
        fi
    };

/* ACK or ADOPTED. */
acknowledge:
    atomic {
        if
        :: may_crash -> crashes--; goto crash
        :: is_refused -> goto outside
        :: !is_refused ->
            write();
            answered[path] = 1;
            step[path] = acknowledged
        fi
    }

await:
    atomic {
        if
        :: may_crash -> crashes--; goto crash
        :: is_refused -> goto outside
        :: !is_refused ->
            /* OBSERVED: ready. */
            write();
            phase[path] = live;
            step[path] = done;
            has_resumed = 0;
            goto decide
#ifndef NO_REFUSALS
        /* It breaks down. */
        :: !is_refused -> goto fail_step
#endif
        fi
    }

/* FAILED; the run turns back. */
fail_step:
    atomic {
        if
        :: may_crash -> crashes--; goto crash
        :: is_refused -> goto outside
        :: !is_refused ->
            write();
            assert(status[current] == running);
            status[current] = compensating;
            has_resumed = 0;
            goto decide
        fi
    }

restore:
    atomic {
        if
        :: may_crash -> crashes--; goto crash
        :: !may_call -> goto outside
        :: may_call -> arrive(); unsettled[path] = 1
        fi;
        assert(is_ours(object[path]));
        if
        :: bring_about(path, spec[path])
        :: may_fail -> fails; bring_about(path, spec[path]); goto decide
        :: may_fail -> fails; goto decide
        :: may_fail && object[path] != spec[path] -> fails; late_update[path] = late_update[path] | spec[path]; goto decide
        fi
    }
    /* COMPENSATED. */
    atomic {
        if
        :: may_crash -> crashes--; goto crash
        :: is_refused -> goto outside
        :: !is_refused ->
            write();
            phase[path] = live;
            step[path] = undone;
            goto decide
        fi
    }

/* perform_remove(): look, check the proof, remove exactly that object. */
remove:
    atomic {
        if
        :: may_crash -> crashes--; goto crash
        :: !may_call -> goto outside
        :: may_call
        fi;
        look();
#ifdef REMOVE_BY_NAME
        if
        :: found != absent -> arrive(); take_away(path); found = 0
        :: else
        fi
#else
        if
        :: is_ours(found) ->
            found = 0;
            arrive();
            if
            :: take_away(path)
            :: may_fail -> fails; late_removal[path] = 1
            :: may_fail -> fails
            fi
        :: else -> found = 0
        fi
#endif
    }
#ifdef TOMBSTONE_ON_REQUEST
    goto close;
#endif

look_whether_gone:
    atomic {
        look();
        if
        :: may_crash -> crashes--; found = 0; goto crash
        :: is_ours(found) -> found = 0; has_resumed = 0; goto decide
        :: !is_ours(found) && believes_absence -> found = 0; goto close
        :: !is_ours(found) && !believes_absence -> found = 0
        fi
    }
    /* It waits for the horizon, and looks again. */
    atomic {
        if
        :: !unsettled[path] -> goto look_whether_gone
        :: is_refused -> goto outside
        :: may_crash -> crashes--; goto crash
        fi
    };

/* TOMBSTONE, with COMPENSATED where it undoes. */
close:
    atomic {
        if
        :: may_crash -> crashes--; goto crash
        :: is_refused -> goto outside
        :: !is_refused ->
            write();
            close_row();
            has_resumed = 0;
            goto decide
        fi
    }

/* It is dead; its lease ends, and a server starts again in its place. */
crash:
    atomic {
        if
#ifndef NOBODY_TAKES_OVER
        :: holder == me -> holder = nobody
#endif
        :: else
        fi;
        goto outside
    }
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

/* Whoever wants things: the newest generation is never older than the one before. */
proctype People()
{
    atomic { kind[0] = FIRST; kind[1] = SECOND; status[0] = queued };
    atomic {
        status[1] = queued;
        if
        :: status[0] == queued && beats -> status[0] = superseded
        :: else
        fi
    }
}

/* Time goes on when nobody does anything: a world that stands still has not reached what was wanted. */
#ifdef ENDLESS_TIME
active proctype Clock()
{
    do
    :: true
    od
}
#endif

init {
    byte at;
    atomic {
        for (at : 0 .. 1) { status[at] = unsubmitted };
        for (at : 0 .. STEPS - 1) {
            phase[at] = none;
            step[at] = open;
#ifdef STARTS_LIVE
            phase[at] = live;
            spec[at] = 1;
            good[at] = 1;
            answered[at] = 1;
            object[at] = 1;
#endif
            run Provider(at)
        };
        at = 0;
        run People();
        run Server(0);
        run Server(1)
    }
}

/* However it went, the generation that was wanted last is reached and stays, and a destroy leaves nothing, also nothing on its way. */
#define is_made(which, what) (kind[1] == apply && phase[which] == live && object[which] == what)
#define is_left_empty(which) (kind[1] == destroy && phase[which] != live && object[which] == absent && !late_creation[which])
#define is_as_wanted(which, what) (is_made(which, what) || is_left_empty(which))
ltl reached { <> [] (status[1] == succeeded && is_as_wanted(0, 1) && is_as_wanted(1, 2)) }
