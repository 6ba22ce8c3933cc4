import { convertWorkflowTemplate, NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser';
import { parseAction } from '@actions/workflow-parser/actions/index';

/**
 * What GitHub's own parser says against a file of Actions. It imports JSON in a way that only bundlers know: put this file through
 * `bundle` first.
 */
export async function problemsOf(name: string, content: string): Promise<string[]> {
  const trace = new NoOperationTraceWriter();
  if (/action\.yml$/.test(name)) return parseAction({ name, content }, trace).context.errors.getErrors().map(String);
  const { context, value } = parseWorkflow({ name, content }, trace);
  if (value === undefined) return context.errors.getErrors().map(String);
  await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map(({ message }) => message);
}
