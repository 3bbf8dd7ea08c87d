-- jobs: the jids of a queue's jobs in one state, a page at a time.
--
-- Args: queue, state (a state's word, or stalled: running with a lease that has run out, or
-- recurring), cursor (empty: from the start), count (1 to limits.JOBS).
-- Returns: {cursor of the next page (empty: this was the last), jids}. Waiting and scheduled jobs
-- come in their order, running ones by the lease's end, complete and failed ones newest first.
-- Errors: INVALID. Cost: O(log n + count).

local arguments = require("rules.arguments")
local keys = require("store.keys")
local pages = require("store.pages")
local queues = require("store.queues")
local sets = require("doors.sets")
local waiting = require("doors.waiting")

local jobs = {}

-- newest: newest first. live, stalled: of those that run, the ones whose lease has not, or has,
-- run out.
local STATES = {
  waiting = { set = sets.waiting },
  throttled = { set = sets.throttled },
  scheduled = { set = sets.scheduled },
  depends = { set = sets.depends },
  running = { set = sets.running, live = true },
  stalled = { set = sets.running, stalled = true },
  complete = { set = sets.complete, newest = true },
  failed = { set = sets.failed, newest = true },
  recurring = { set = { key = keys.recurring, jid = 1 } },
}

function jobs.parse(step, args)
  arguments.count(args, 4)
  queues.want(step, arguments.name(args[1], "queue"))
  arguments.choice(args[2], "state", STATES)
  return pages.asked(args, 3, { queue = args[1], state = args[2] })
end

function jobs.apply(step, request)
  local queue = queues.named(step, request.queue)
  if not queue then
    return { "" }
  end
  local state = STATES[request.state]
  local set = state.set
  local page
  if request.state == "waiting" and queue.fair then
    page = waiting.page(step, queue, request)
  elseif state.stalled or state.live then
    page = pages.scored(set.key(step, queue), request, state.stalled and step.now or nil, step.now)
  else
    page = pages.ranked(set.key(step, queue), request, state.newest)
  end
  for position = 2, #page do
    page[position] = string.sub(page[position], set.jid)
  end
  return page
end

return jobs
