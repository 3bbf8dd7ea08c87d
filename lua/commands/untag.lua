-- untag: takes tags off a job; those that it does not carry do not matter.
--
-- Args: jid, tags.
-- Returns: the tags that it keeps, in the order in which they came.
-- Errors: INVALID, NOJOB.
-- Cost: O(log n) a tag.

local arguments = require("rules.arguments")
local limits = require("rules.limits")
local records = require("store.records")
local states = require("rules.states")
local subject = require("doors.subject")
local tags = require("store.tags")

local untag = {}

function untag.parse(step, args)
  arguments.count(args, 2, 1 + limits.TAGS)
  local request = { jid = subject.parse(step, args[1]), unwanted = {} }
  for position = 2, #args do
    request.unwanted[arguments.name(args[position], "tag")] = true
  end
  return request
end

function untag.check(step, request)
  local record = subject.find(step, request.jid)
  local options = records.options(record)
  local list, kept, dropped = options.tags or {}, {}, {}
  for position = 1, #list do
    local name = list[position]
    local side = request.unwanted[name] and dropped or kept
    side[#side + 1] = name
  end
  options.tags = #kept > 0 and kept or nil
  return { record = record, options = options, kept = kept, dropped = dropped }
end

function untag.apply(step, plan)
  local record = plan.record
  if #plan.dropped > 0 then
    tags.remove(step, record, plan.dropped)
    if #plan.kept == 0 then
      records.lower(record, states.flags.TAGGED)
    end
    records.set_options(record, plan.options)
    records.save(step, record)
  end
  return plan.kept
end

return untag
