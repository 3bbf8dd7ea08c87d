-- explain: why a job does not run, by the conditions that a pop goes by.
--
-- Args: jid.
-- Returns: {name, value, name, ...}, of these what applies: now; state; queue; paused (1: pops of
-- the queue find nothing); since (of the state) or due (scheduled); ahead (waiting: how many jobs
-- of the queue, or of its tenant's lane, are handed out before it; behind others of its order key:
-- how many); flow, and unsealed (1: it is not sealed, so its members do not run); tenant and lanes
-- (waiting where tenants take turns: how many lanes have theirs before, and how many there are);
-- limits (waiting or throttled: of each what the command limits answers, and how many are parked
-- before it, empty: it is not parked there); order_key and behind (throttled: jid and state of the
-- first of the key); held (1: further dependencies are being added); waits (for how many jobs) and
-- parents ({jid, state, ...}, some of those); worker, ends (0: never) and stalled (1: the lease has
-- run out) of a running job; group (failed); of a job that has not ended its unique key and holder
-- (the jid of the job that holds that), start_by with late (what happens then: cancel, fail or a
-- klass), and finish_by; of one that does not run yet revoked (job: it was; klass, once: all of its
-- klass, or the first that a pop comes to) with until (of a klass; 0: restore); lost (leases, if
-- any) and poison (how many stop it; 0: any number); workers (live ones that have reported to serve
-- the queue) and silent (live ones that have reported no queues). Live is who was seen within
-- limits.LIVE; of those, the limits.JOBS seen last
-- are counted. Times are milliseconds.
-- Errors: INVALID, NOJOB.
-- Cost: O(log n), and O(1) for each of limits.SHOWN parents and limits.JOBS workers.

local arguments = require("rules.arguments")
local claim = require("doors.claim")
local deadlines = require("rules.deadlines")
local failures = require("store.failures")
local flows = require("store.flows")
local keys = require("store.keys")
local limits = require("rules.limits")
local lines = require("store.lines")
local places = require("store.places")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local registry = require("doors.registry")
local revoked = require("doors.revoked")
local settings = require("store.settings")
local states = require("rules.states")
local throttle = require("doors.throttle")
local uniques = require("store.uniques")
local waiting = require("doors.waiting")

local flags = states.flags

local explain = {}

function explain.parse(step, args)
  arguments.count(args, 1)
  records.want(step, arguments.name(args[1], "jid"))
  return args[1]
end

function explain.check(step, jid)
  local record = records.get(step, jid)
  local gone = record and records.has(record, flags.TRACE)
  if not record or (gone and record.state ~= states.number.cancelled) then
    refuse("NOJOB", "no job " .. jid)
  end
  return record
end

-- Some of the jobs that it waits for, each with its state.
local function parents_of(step, record)
  local key = keys.parents(step, record.jid)
  local jids = redis.call("SSCAN", key, "0", "COUNT", limits.SHOWN)[2]
  local shown = math.min(#jids, limits.SHOWN)
  for position = 1, shown do
    records.want(step, jids[position])
  end
  records.read(step)
  local list = {}
  for position = 1, shown do
    local parent = records.live(step, jids[position])
    list[2 * position - 1] = jids[position]
    list[2 * position] = parent and states.name[parent.state] or ""
  end
  return list
end

local function tell_limits(step, record, queue, tell)
  local conditions = throttle.conditions(step, record, queue)
  if #conditions > 0 then
    tell("limits", conditions)
  end
end

-- For a state, what belongs to it.
local OF_STATE = {
  waiting = function(step, record, queue, tell)
    if queue.fair then
      local tenant, ahead, before, count = waiting.standing(step, record, queue)
      tell("tenant", tenant)
      tell("ahead", ahead)
      tell("lanes", { before, count })
    else
      tell("ahead", redis.call("ZRANK", keys.waiting(step, queue), places.member(record)))
    end
    tell_limits(step, record, queue, tell)
  end,
  throttled = function(step, record, queue, tell)
    local head, position = lines.standing(step, record)
    if position and position > 0 then
      tell("order_key", lines.of(record))
      tell("ahead", position)
      tell("behind", { head, states.name[records.get(step, head).state] })
    else
      tell_limits(step, record, queue, tell)
    end
  end,
  depends = function(step, record, _, tell)
    if records.has(record, flags.HELD) then
      tell("held", 1)
    end
    if flows.unsealed(record) then
      tell("unsealed", 1)
    end
    tell("waits", redis.call("SCARD", keys.parents(step, record.jid)))
    tell("parents", parents_of(step, record))
  end,
  running = function(step, record, queue, tell)
    local ending = claim.ending(step, record, queue)
    tell("worker", record.worker)
    tell("ends", ending == "+inf" and 0 or ending)
    if ending ~= "+inf" and ending <= step.now then
      tell("stalled", 1)
    end
  end,
  failed = function(step, record, _, tell)
    tell("group", failures.read(step, record).group)
  end,
}

-- What the job was put with that may keep it from running, or end it.
local function tell_options(step, record, tell)
  local options = records.options(record)
  if options.unique then
    local held = uniques.read(step, options.unique)
    tell("unique", options.unique)
    tell("holder", held and held.jid or "")
  end
  if deadlines.startable(options, record.attempt) then
    tell("start_by", options.start_by)
    tell("late", options.if_late or "cancel")
  end
  if options.finish_by then
    tell("finish_by", options.finish_by)
  end
  if record.lost > 0 then
    tell("lost", record.lost)
    tell("poison", options.poison_after or settings.value(step, "poison-after"))
  end
end

-- Whether a pop that comes to it ends it.
local function tell_revoked(step, record, tell)
  local kind, entry = revoked.holds(step, record)
  if kind then
    tell("revoked", kind)
    tell("until", entry and entry.ending or 0)
  end
end

local ENDED = { complete = true, failed = true, cancelled = true }
local RUNS_LATER = { waiting = true, scheduled = true, depends = true, throttled = true }

function explain.apply(step, record)
  local state = states.name[record.state]
  local queue = queues.numbered(step, record.queue)
  local list = {}
  local function tell(name, value)
    list[#list + 1] = name
    list[#list + 1] = value
  end
  tell("now", step.now)
  tell("state", state)
  if flows.of(record) then
    tell("flow", (flows.of(record)))
  end
  tell(state == "scheduled" and "due" or "since", record.popped or record.since)
  if queue then
    tell("queue", queue.name)
    if queue.paused then
      tell("paused", 1)
    end
    if OF_STATE[state] then
      OF_STATE[state](step, record, queue, tell)
    end
    if not ENDED[state] then
      tell_options(step, record, tell)
    end
    if RUNS_LATER[state] then
      tell_revoked(step, record, tell)
      local serving, silent = registry.serving(step, queue.name)
      tell("workers", serving)
      tell("silent", silent)
    end
  end
  return list
end

return explain
