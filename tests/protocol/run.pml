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

#include "run_world.pml"

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
            made_here[path] = 1
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
        :: seems_ours(found) && (found == foreign || (found == spec[path] && counts)) -> found = 0; goto acknowledge
        /* Once more, with the same name, nonce and token. */
        :: is_ours(found) && !(found == spec[path] && counts) -> found = 0; has_resumed = 0; goto decide
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
            assert(status[current] == running);                 /* states.cpp: running to compensating */
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
        assert(is_ours(object[path]));                          /* I5: what is put back was never taken away */
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
    :: epoch < 255
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
