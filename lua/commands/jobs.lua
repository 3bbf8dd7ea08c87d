-- jobs: the jids of a queue's jobs in one state, a page at a time.
--
-- Args: queue, state (a state's word, or stalled: running with a lease that has run out, or
-- recurring), cursor (empty: from the start), count (1 to limits.JOBS).
-- Returns: {cursor of the next page (empty: this was the last), jids}. Waiting and scheduled jobs
-- come in their order, running ones by the lease's end, complete and failed ones newest first.
-- Errors: INVALID. Cost: O(log n + count).

local arguments = require("rules.arguments")
local claim = require("doors.claim")
local keys = require("store.keys")
local limits = require("rules.limits")
local lanes = require("doors.lanes")
local pages = require("store.pages")
local places = require("store.places")
local queues = require("store.queues")
local scheduled = require("store.scheduled")

local jobs = {}

-- key: the set of that state. jid: where the jid starts in a member. newest: newest first.
local STATES = {
  waiting = { key = keys.waiting, jid = places.JID },
  throttled = { key = keys.throttled, jid = places.JID },
  scheduled = { key = keys.scheduled, jid = scheduled.JID },
  depends = { key = keys.depends, jid = 1 },
  running = { key = keys.running, jid = claim.JID, live = true },
  stalled = { key = keys.running, jid = claim.JID, stalled = true },
  complete = { key = keys.complete, jid = 1, newest = true },
  failed = { key = keys.failed, jid = 1, newest = true },
  recurring = { key = keys.recurring, jid = 1 },
}

function jobs.parse(step, args)
  arguments.count(args, 4)
  queues.want(step, arguments.name(args[1], "queue"))
  arguments.choice(args[2], "state", STATES)
  return {
    queue = args[1],
    state = args[2],
    cursor = args[3],
    count = arguments.integer(args[4], "count", 1, limits.JOBS),
  }
end

function jobs.check(_, request)
  return request
end

function jobs.apply(step, request)
  local queue = queues.named(step, request.queue)
  if not queue then
    return { "" }
  end
  local set = STATES[request.state]
  local page
  if request.state == "waiting" and queue.fair then
    page = lanes.page(step, queue, request)
  elseif set.stalled or set.live then
    page = pages.scored(set.key(step, queue), request, set.stalled and step.now or nil, step.now)
  else
    page = pages.ranked(set.key(step, queue), request, set.newest)
  end
  for position = 2, #page do
    page[position] = string.sub(page[position], set.jid)
  end
  return page
end

return jobs
