-- The event stream: one entry a call, one field `e`, a msgpack array
-- [milliseconds, [what, queue, worker, details, [jid, ...]], ...]. Equal heads share a group.

local keys = require("store.keys")
local settings = require("store.settings")
local states = require("rules.states")

local events = {}

-- Whether anybody is to hear of a job with these flags. The mode is that of the step's start.
function events.heard(step, flag)
  local mode = step.heard
  if not mode then
    mode = settings.value(step, "events")
    step.heard = mode
  end
  return mode == "all" or (mode == "tracked" and bit.band(flag, states.flags.TRACKED) ~= 0)
end

-- Texts and lists as msgpack, in pieces: cmsgpack would take tables within tables, and time.
local function list_head(count)
  return count < 16 and string.char(144 + count) or struct.pack(">BH", 220, count)
end

local function text_head(text)
  return #text < 32 and string.char(160 + #text) or struct.pack(">BH", 218, #text)
end

local GROUP = 5 -- what, queue, worker, details, jids

-- what: a word. details: a text that belongs to it, or "". jid: empty for an event about no job.
function events.add(step, what, jid, queue_name, worker, details)
  local last = step.report
  if
    not last
    or last.what ~= what
    or last.queue ~= queue_name
    or last.worker ~= worker
    or last.details ~= details
  then
    last = {
      what = what,
      queue = queue_name,
      worker = worker,
      details = details,
      jids = {},
      count = 0,
      before = last,
    }
    step.report = last
  end
  local jids, at = last.jids, 2 * last.count
  jids[at + 1] = text_head(jid)
  jids[at + 2] = jid
  last.count = last.count + 1
end

-- As add, if anybody is to hear of this record's job; nil for an event that is about no job.
function events.report(step, what, record, queue_name, worker, details)
  if events.heard(step, record and record.flags or 0) then
    events.add(step, what, record and record.jid or "", queue_name, worker, details)
  end
end

local function packed(group)
  return list_head(GROUP)
    .. text_head(group.what)
    .. group.what
    .. text_head(group.queue)
    .. group.queue
    .. text_head(group.worker)
    .. group.worker
    .. text_head(group.details)
    .. group.details
    .. list_head(group.count)
    .. table.concat(group.jids)
end

-- Sends what was reported as one entry of the stream.
function events.flush(step)
  local group = step.report
  if not group then
    return
  end
  local count, groups = 1, ""
  while group do
    groups = packed(group) .. groups
    count = count + 1
    group = group.before
  end
  redis.call(
    "XADD",
    keys.events(step),
    "MAXLEN",
    "~",
    settings.value(step, "events-history"),
    "*",
    "e",
    list_head(count) .. struct.pack(">BHI6", 207, 0, step.now) .. groups
  )
  step.report = nil
end

return events
