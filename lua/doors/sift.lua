-- Which failed jobs an operator means: those of a failure group or of a queue, perhaps of one klass
-- and one error, that failed before a moment. They are gone through in slices, oldest first; a
-- slice that comes again finds what is left.

local arguments = require("rules.arguments")
local failures = require("store.failures")
local keys = require("store.keys")
local klasses = require("store.klasses")
local limits = require("rules.limits")
local pages = require("store.pages")
local queues = require("store.queues")
local records = require("store.records")
local refuse = require("rules.refusal")
local steps = require("store.step")

local sift = {}

sift.WIDTH = 7 -- arguments that say which

-- A text that may be empty.
local function optional(value, what)
  return value ~= "" and arguments.name(value, what) or nil
end

-- Reads the first arguments: queue, failure group, klass, error, before, cursor, count.
function sift.parse(step, args)
  local request = {
    queue = optional(args[1], "queue"),
    group = optional(args[2], "group"),
    klass = optional(args[3], "klass"),
    error = optional(args[4], "error"),
    before = arguments.optional(args[5], "before", 0, limits.SEQUENCE) or step.now,
    cursor = args[6],
    count = arguments.integer(args[7], "count", 1, limits.JOBS),
  }
  if not request.queue and not request.group then
    refuse("INVALID", "queue: is needed where no group is given")
  end
  if request.queue then
    queues.want(step, request.queue)
  end
  return request
end

-- What a job failed of: its failure group, or the group of the last cause when it had no retries
-- left.
function sift.error_of(step, record)
  local failure = failures.read(step, record)
  if not failure then
    return ""
  end
  local cause = failure.cause
  return cause and cause ~= "" and cause or failure.group
end

local function meant(step, request, record, queue)
  return (not request.queue or queue.name == request.queue)
    and (not request.klass or klasses.name(step, record.klass) == request.klass)
    and (not request.error or sift.error_of(step, record) == request.error)
end

-- The jids of the slice, oldest first.
local function slice(step, request, key)
  local from = pages.start(key, request.cursor)
  local list = redis.call("ZRANGE", key, from, from + request.count - 1, "WITHSCORES")
  local jids = {}
  for position = 1, #list, 2 do
    if tonumber(list[position + 1]) > request.before then
      break
    end
    jids[#jids + 1] = list[position]
    records.want(step, list[position])
  end
  records.read(step)
  return jids, from
end

-- how: what becomes of the jobs, see store/step.lua. keep: says of a record whether it has to stay,
-- or nil. Returns a plan: jobs, each a record and its queue; how many were skipped because they
-- have to stay; and what is needed for the cursor.
function sift.check(step, request, how, keep)
  local plan = { request = request, skipped = 0, key = nil, behind = 0, last = nil, over = true }
  local queue = request.queue and queues.named(step, request.queue)
  if request.group then
    plan.key = keys.group(step, request.group)
  elseif queue then
    plan.key = keys.failed(step, queue)
  else
    return plan
  end
  local jids, from = slice(step, request, plan.key)
  plan.behind, plan.over = from, #jids < request.count
  for position = 1, #jids do
    local record = records.live(step, jids[position])
    local home = queues.numbered(step, record.queue)
    local is_meant = meant(step, request, record, home)
    if is_meant and not (keep and keep(record)) then
      steps.touch(step, record.jid, how)
      plan[#plan + 1] = { record = record, queue = home }
    else
      plan.skipped = plan.skipped + (is_meant and 1 or 0)
      plan.behind, plan.last = plan.behind + 1, record.jid
    end
  end
  return plan
end

-- {cursor of the next slice (empty: this was the last), how many jobs it concerned, how many had to
-- stay, the moment}. The cursor is where the slice has left jobs behind.
function sift.answer(plan)
  local cursor = ""
  if not plan.over then
    cursor = plan.last and pages.cursor(plan.behind, plan.last)
      or plan.request.cursor ~= "" and plan.request.cursor
      or pages.cursor(0, "")
  end
  return { cursor, #plan, plan.skipped, plan.request.before }
end

return sift
