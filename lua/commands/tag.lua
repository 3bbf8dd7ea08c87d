-- tag: puts tags on a job; those that it carries already stay as they are.
--
-- Args: jid, tags.
-- Returns: the job's tags, in the order in which they came.
-- Errors: INVALID (also when there would be more than limits.TAGS), NOJOB.
-- Cost: O(log n) a tag.

local arguments = require("rules.arguments")
local limits = require("rules.limits")
local records = require("store.records")
local refuse = require("rules.refusal")
local subject = require("doors.subject")
local tags = require("store.tags")

local tag = {}

function tag.parse(step, args)
  arguments.count(args, 2, 1 + limits.TAGS)
  local jid = subject.parse(step, args[1])
  return { jid = jid, tags = arguments.names(args, 2, "tag") }
end

function tag.check(step, request)
  local record = subject.find(step, request.jid)
  local options = records.options(record)
  local list, carried, new = options.tags or {}, {}, {}
  for position = 1, #list do
    carried[list[position]] = true
  end
  for position = 1, #request.tags do
    local name = request.tags[position]
    if not carried[name] then
      carried[name] = true
      list[#list + 1] = name
      new[#new + 1] = name
    end
  end
  if #list > limits.TAGS then
    refuse("INVALID", "tags: would be " .. #list .. ", the limit is " .. limits.TAGS)
  end
  options.tags = list
  return { record = record, options = options, new = new }
end

function tag.apply(step, plan)
  if #plan.new > 0 then
    tags.add(step, plan.record, plan.new)
    records.set_options(plan.record, plan.options)
    records.save(step, plan.record)
  end
  return plan.options.tags
end

return tag
