import type { Nodes, RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import type { ReactNode } from 'react';
import { cleanText, safeUrl } from '../lib/text';

const DEEPEST = 40;

function children(node: { children?: readonly unknown[] }, depth: number): ReactNode[] {
  return ((node.children ?? []) as RootContent[]).map((child, index) => <Part key={index} node={child} depth={depth + 1} />);
}

/** One node. What is not listed here, HTML above all, is shown as the text that it is. */
function Part({ node, depth }: { node: Nodes; depth: number }): ReactNode {
  if (depth > DEEPEST) return '…';
  switch (node.type) {
    case 'text':
      return node.value;
    case 'paragraph':
      return <p>{children(node, depth)}</p>;
    case 'heading':
      // The page has its own first two levels.
      return node.depth <= 2 ? <h3>{children(node, depth)}</h3> : <h4>{children(node, depth)}</h4>;
    case 'emphasis':
      return <em>{children(node, depth)}</em>;
    case 'strong':
      return <strong>{children(node, depth)}</strong>;
    case 'list':
      return node.ordered ? <ol>{children(node, depth)}</ol> : <ul>{children(node, depth)}</ul>;
    case 'listItem':
      return <li>{children(node, depth)}</li>;
    case 'blockquote':
      return <blockquote>{children(node, depth)}</blockquote>;
    case 'code':
      return (
        <pre>
          <code>{node.value}</code>
        </pre>
      );
    case 'inlineCode':
      return <code>{node.value}</code>;
    case 'thematicBreak':
      return <hr />;
    case 'break':
      return <br />;
    case 'link': {
      const url = safeUrl(node.url);
      if (!url) return <>{children(node, depth)}</>;
      // Where a link leads is always said: its text may claim something else.
      return (
        <>
          <a href={url.href} target="_blank" rel="noopener noreferrer nofollow ugc">
            {children(node, depth)}
          </a>{' '}
          <span className="muted">({url.host})</span>
        </>
      );
    }
    case 'image':
      return <span className="muted">[image: {node.alt || 'without description'}]</span>;
    case 'html':
      return <code>{node.value}</code>;
    case 'definition':
      return null;
    default:
      return 'children' in node ? <>{children(node, depth)}</> : null;
  }
}

/**
 * Markdown of strangers. Becomes elements of a fixed list, never HTML: there is no string that the browser would parse. No
 * image is loaded, because loading one tells a third party who reads.
 */
export function Markdown({ text }: { text: string }) {
  const root = fromMarkdown(cleanText(text));
  return <div className="prose">{children(root, 0)}</div>;
}
