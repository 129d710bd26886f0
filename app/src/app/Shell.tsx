import { Component, lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { useSync } from '../chain/sync';
import { useAppConfig } from '../config/context';
import { formatCount } from '../lib/format';
import { Loading, Notice, PageHead } from '../ui/primitives';
import { Failure } from '../ui/Query';
import { HEADS, type PageName, pageOf } from './heads';
import { href, Link, useRoute, useScrollToTop } from './router';
import { SettingsIcon } from './SettingsIcon';
import { Wallet, WrongChain } from './Wallet';

// Each page is loaded when it is opened.
const PAGES: Record<PageName, ReturnType<typeof lazy>> = {
  overview: lazy(() => import('../pages/overview/Overview')),
  token: lazy(() => import('../pages/token/Token')),
  stake: lazy(() => import('../pages/stake/Stake')),
  govern: lazy(() => import('../pages/govern/Govern')),
  models: lazy(() => import('../pages/models/Models')),
  nodes: lazy(() => import('../pages/nodes/Nodes')),
  receipts: lazy(() => import('../pages/receipts/Receipts')),
};

const SettingsMenu = lazy(() => import('./SettingsMenu'));

function Settings() {
  const [used, setUsed] = useState(false);
  const button = (
    <button type="button" className="icon-button large" aria-label="Settings" aria-haspopup="menu" onClick={() => setUsed(true)}>
      <SettingsIcon />
    </button>
  );
  return used ? (
    <Suspense fallback={button}>
      <SettingsMenu />
    </Suspense>
  ) : (
    button
  );
}

/** What went wrong while a page was drawn stays within the page. */
class Boundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    return this.state.error ? <Failure error={this.state.error} retry={() => window.location.reload()} /> : this.props.children;
  }
}

function Head() {
  const { chainName } = useAppConfig();
  const { head, isDown } = useSync();
  return (
    <span className="chain" title={head ? `Block ${head.number}` : undefined}>
      <span className={`dot ${isDown ? 'bad' : head ? 'good' : ''}`} aria-hidden="true" />
      {chainName}
      <span className="block"> {isDown ? 'unreachable' : head ? `#${formatCount(head.number)}` : '…'}</span>
    </span>
  );
}

/** A page whose scripts are on their way: what the HTML showed before, so that nothing jumps. */
const Coming = ({ page }: { page: PageName }) => (
  <>
    <div className="page-head">
      <div>
        <h1>{HEADS[page].title}</h1>
        <p className="lead">{HEADS[page].lead}</p>
      </div>
    </div>
    <Loading wide />
  </>
);

export function Shell() {
  const [name = 'overview', ...rest] = useRoute();
  const { isDown, reorgs } = useSync();
  const page = pageOf(name);
  const Page = page && PAGES[page];
  useScrollToTop(name);
  useEffect(() => {
    document.title = page ? `${HEADS[page].title} · OPG` : 'OPG';
  }, [page]);
  return (
    <>
      <header className="top">
        <a
          className="skip"
          href={href(name, ...rest)}
          onClick={(event) => {
            event.preventDefault();
            document.querySelector<HTMLElement>('main h1')?.focus();
          }}
        >
          Skip to the page
        </a>
        <div className="top-row">
          <Link to={['overview']} className="brand">
            <img src="./icon.svg" alt="" width="26" height="26" /> OPG
          </Link>
          <Head />
          <span className="spring" />
          <Settings />
          <Wallet />
        </div>
        <nav aria-label="Pages">
          {Object.entries(HEADS).map(([key, { title }]) => (
            <Link key={key} to={[key]} aria-current={key === name ? 'page' : undefined}>
              {title}
            </Link>
          ))}
        </nav>
      </header>
      <main>
        {isDown && (
          <Notice tone="bad" title="The chain cannot be reached" live>
            <p>Figures may be old. The page tries again by itself; nothing can be sent until an RPC answers.</p>
          </Notice>
        )}
        {reorgs > 0 && (
          <Notice tone="warn" title="The chain replaced its last blocks" live>
            <p>All figures were read again. Check that your latest transactions are still there.</p>
          </Notice>
        )}
        <WrongChain />
        <Boundary key={name}>
          <Suspense fallback={page && <Coming page={page} />}>
            {Page ? <Page /> : <PageHead title="There is no such page">Choose one above.</PageHead>}
          </Suspense>
        </Boundary>
      </main>
      <footer>
        <p>Read directly from the chain. No cookies, no trackers, no servers but those of your configuration.</p>
      </footer>
    </>
  );
}
