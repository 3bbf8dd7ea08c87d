-- What the end of a parent means to a job that waits for it.

local branches = {}

-- By the parent's end and what the dependent does: met (it waits for that parent no longer), wait
-- (it goes on waiting, as the parent may be put right), fail, or cancel; skip: what it waits for
-- cannot come true any more, and it is cancelled, whoever waits for it.
local VERDICT = {
  complete = { wait = "met", run = "met", fail = "met", cancel = "met", failed = "skip" },
  failed = { wait = "wait", run = "met", fail = "fail", cancel = "cancel", failed = "met" },
  cancelled = { wait = "skip", run = "met", fail = "skip", cancel = "skip", failed = "skip" },
}

function branches.verdict(ended, policy)
  return VERDICT[ended][policy]
end

local WHEN = { failed = "failed", ended = "run" }

-- What a dependent does, in one word, of its options; both may be nil.
function branches.policy(run_when, parent_failure)
  return WHEN[run_when] or parent_failure or "wait"
end

return branches
