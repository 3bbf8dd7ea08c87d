-- recurring: templates as they are stored.
--
-- Args: jids, at most limits.JOBS.
-- Returns: for each jid a list of queue, jid, klass, payload, interval, next slot (0: paused),
-- count of children made, backlog, priority, retries, tags, lease (empty: the queue's), paused (0
-- or 1), the other options that its children keep (one msgpack map; empty: none), and a list {name,
-- value, name, ...}, of these what applies: missed, overlap, until and count (as put); calendar,
-- moments (the next ones that are known, at most limits.SHOWN) and dark (1: which slots have come
-- since is not known before a refill); over (since when no more children are made); last (the
-- newest child, with an overlap policy) and its state (empty: not known any more); resting (1: the
-- queue is paused). Or nothing for an unknown one. Times are milliseconds.
-- Errors: INVALID. Cost: O(1) a template.

local arguments = require("rules.arguments")
local job = require("rules.job")
local klasses = require("store.klasses")
local limits = require("rules.limits")
local options_rules = require("rules.options")
local queues = require("store.queues")
local records = require("store.records")
local states = require("rules.states")
local templates = require("store.templates")

local recurring = {}

function recurring.parse(_, args)
  arguments.count(args, 1, limits.JOBS)
  return arguments.names(args, 1, "jid")
end

local function others(options)
  local kept = job.stay(options, {})
  kept.tags, kept.lease = nil, nil
  return next(kept) and cmsgpack.pack(kept) or ""
end

local function details(step, template, queue)
  local list = {}
  local function tell(name, value)
    if value then
      list[#list + 1] = name
      list[#list + 1] = value
    end
  end
  for _, name in ipairs({ "missed", "overlap", "until", "count" }) do
    tell(name, template.options[name])
  end
  local moments = template.moments
  tell("calendar", template.calendar)
  tell("moments", moments and { unpack(moments, 1, math.min(#moments, limits.SHOWN)) })
  tell("dark", moments and not template.over and template.known < step.now and 1)
  tell("over", template.over)
  tell("resting", queue.paused and 1)
  if template.last then
    local child = records.live(step, template.last)
    tell("last", template.last)
    tell("state", child and states.name[child.state] or "")
  end
  return list
end

local function describe(step, template)
  local options = template.options
  local queue = queues.numbered(step, template.queue)
  local resting = template.paused or template.over or template.due == math.huge
  return {
    queue.name,
    template.jid,
    klasses.name(step, template.klass),
    templates.payload(step, template.jid),
    template.interval,
    resting and 0 or template.due,
    template.count,
    options.backlog or 0,
    options.priority or 0,
    options.retries or options_rules.retries.default,
    options.tags or {},
    options.lease or "",
    template.paused and 1 or 0,
    others(options),
    details(step, template, queue),
  }
end

function recurring.apply(step, jids)
  local list = {}
  for position = 1, #jids do
    local template = templates.read(step, jids[position])
    list[position] = template and describe(step, template) or false
  end
  return list
end

return recurring
